using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Delivery.Plugins.Host;

/// <summary>
/// Binds a configuration section to a plugin's own options type and collects everything that is wrong, by field: names that
/// the type does not have, values that do not fit, broken annotations, secrets that are written out.
/// </summary>
internal sealed class OptionsBinding
{
    private readonly List<Fault> _faults = [];
    private readonly List<Secret> _secrets = [];

    /// <summary>What is wrong; empty when the options can be used.</summary>
    public IReadOnlyList<Fault> Faults => _faults;

    /// <summary>The secrets that were resolved, for redaction.</summary>
    public IReadOnlyList<Secret> Secrets => _secrets;

    /// <summary>The bound options; complete only without faults.</summary>
    public object Bind(Type type, IConfigurationSection section) => BindObject(type, section, "");

    private object BindObject(Type type, IConfigurationSection section, string path)
    {
        var target = Activator.CreateInstance(type)!;
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true }).ToList();
        foreach (var child in section.GetChildren())
        {
            if (properties.FirstOrDefault(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
                _faults.Add(new(path + child.Key, $"one of {string.Join(", ", properties.Select(p => p.Name))}"));
            else if (BindValue(property.PropertyType, child, path + property.Name) is { } value)
                property.SetValue(target, value);
        }

        var results = new List<ValidationResult>();
        if (!Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true))
            _faults.AddRange(results.SelectMany(r => (r.MemberNames.Any() ? r.MemberNames : [""]).Select(m => new Fault((path + m).TrimEnd(':'), Accepted(m, r.ErrorMessage)))).Where(IsNew));
        return target;
    }

    /// <summary>An annotation speaks in whole sentences of its own: of the framework's, what would be accepted is kept.</summary>
    private static string Accepted(string member, string? message)
    {
        var opening = $"The field {member} must be ";
        if (message is null)
            return "another value";
        if (message == $"The {member} field is required.")
            return "given";
        return message.StartsWith(opening, StringComparison.Ordinal) ? message[opening.Length..].TrimEnd('.') : message;
    }

    /// <summary>A value that could not be read leaves its default, which an annotation may refuse too: one fault is enough.</summary>
    private bool IsNew(Fault fault) => !_faults.Any(f => f.Field == fault.Field || f.Field.StartsWith(fault.Field + ":", StringComparison.Ordinal));

    private object? BindValue(Type type, IConfigurationSection section, string path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Secret))
            return BindSecret(section.Value ?? "", path);
        if (ValueOfDictionary(type) is { } valueType)
            return BindDictionary(valueType, section, path);
        if (ElementOfList(type) is { } elementType)
            return BindList(type, elementType, section, path);
        if (type.IsClass && type != typeof(string) && type != typeof(Uri))
            return BindObject(type, section, path + ":");
        return BindScalar(type, section, path);
    }

    private Secret? BindSecret(string text, string path)
    {
        var (secret, fault) = SecretReference.Resolve(text);
        if (secret is null)
            _faults.Add(new(path, fault!));
        else
            _secrets.Add(secret);
        return secret;
    }

    private IDictionary BindDictionary(Type valueType, IConfigurationSection section, string path)
    {
        var dictionary = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), valueType))!;
        foreach (var child in section.GetChildren())
        {
            if (BindValue(valueType, child, $"{path}:{child.Key}") is { } value)
                dictionary[child.Key] = value;
        }

        return dictionary;
    }

    private IList BindList(Type type, Type elementType, IConfigurationSection section, string path)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(elementType))!;
        foreach (var (i, child) in section.GetChildren().Index())
        {
            if (BindValue(elementType, child, $"{path}:{i}") is { } value)
                list.Add(value);
        }

        if (!type.IsArray)
            return list;
        var array = Array.CreateInstance(elementType, list.Count);
        list.CopyTo(array, 0);
        return array;
    }

    private object? BindScalar(Type type, IConfigurationSection section, string path)
    {
        if (section.GetChildren().Any())
            _faults.Add(new(path, "one value, not a list or an object"));
        else if (section.Value is { } text)
        {
            try
            {
                return type == typeof(Uri) ? new Uri(text, UriKind.Absolute)
                    : type == typeof(string) ? text
                    : TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or InvalidCastException or OverflowException or NotSupportedException)
            {
                _faults.Add(new(path, type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}" : type == typeof(Uri) ? "an absolute URL" : $"a value of type {type.Name}"));
            }
        }

        return null;
    }

    private static Type? ValueOfDictionary(Type type) =>
        type.IsGenericType && type.GetGenericArguments() is [var key, var value] && key == typeof(string)
        && type.IsAssignableFrom(typeof(Dictionary<,>).MakeGenericType(key, value)) ? value : null;

    private static Type? ElementOfList(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericArguments() is [var element] && type.IsAssignableFrom(typeof(List<>).MakeGenericType(element)) ? element : null;
}
