using System.Collections.Immutable;

namespace Delivery.Plugins;

/// <summary>
/// A plugin's entry: its manifest names the one type that implements this. The type needs a public constructor without
/// parameters, and does nothing in it. Derive from <see cref="Plugin{TPort, TOptions}"/>, which leaves only what is yours.
/// </summary>
public interface IPlugin
{
    /// <summary>One of <see cref="PluginKinds"/>; the same as in the manifest.</summary>
    string Kind { get; }

    /// <summary>
    /// The type of the plugin's options: its own schema. A class with settable properties and data annotations
    /// (<c>[Required]</c>, <c>[Range]</c>, <c>[RegularExpression]</c>, ...; <c>[Description]</c> gives meaning, unit and default).
    /// The host binds the configuration to it: a name it does not have, a value that does not fit and an annotation that is
    /// broken are refused with the field's path. What must not be seen is a <see cref="Secret"/>.
    /// </summary>
    Type OptionsType { get; }

    /// <summary>What is wrong with options that fit their annotations, by field; empty when they can be used. Does no I/O.</summary>
    /// <param name="options">Of type <see cref="OptionsType"/>.</param>
    ImmutableArray<Fault> Faults(object options);

    /// <summary>
    /// What outside the process an instance with these options writes to and nobody else may, in words for people: <c>the map
    /// /etc/haproxy/shop.map of the HAProxy at /run/haproxy.sock</c>. Two instances of the plugin with one of them the same would
    /// overwrite each other: the server does not start. Default: none. Does no I/O.
    /// </summary>
    /// <param name="options">Of type <see cref="OptionsType"/>, without faults.</param>
    ImmutableArray<string> Claims(object options) => [];

    /// <summary>
    /// Makes the port for one configured instance. It may start what is the plugin's own (a listener); it does not wait for a
    /// backend: one that is down is found by the first call, not here. Called again, after an exception or a deadline, with
    /// growing waits. A port that is <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/> is disposed at the end.
    /// </summary>
    /// <param name="options">Of type <see cref="OptionsType"/>, without faults, secrets resolved.</param>
    /// <param name="context">What the host lends.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<object> CreateAsync(object options, PluginContext context, CancellationToken cancellationToken);
}

/// <summary>Base of a plugin's entry type.</summary>
/// <typeparam name="TPort"><see cref="Delivery.Plugins.Routing.ITrafficRouter"/>, <see cref="Delivery.Plugins.Measuring.IMetricSource"/> or <see cref="INotificationChannel"/>.</typeparam>
/// <typeparam name="TOptions">The plugin's options, see <see cref="IPlugin.OptionsType"/>.</typeparam>
public abstract class Plugin<TPort, TOptions> : IPlugin
    where TPort : class
    where TOptions : class, new()
{
    /// <inheritdoc/>
    public string Kind =>
        typeof(TPort) == typeof(Routing.ITrafficRouter) ? PluginKinds.Router
        : typeof(TPort) == typeof(Measuring.IMetricSource) ? PluginKinds.MetricSource
        : typeof(TPort) == typeof(INotificationChannel) ? PluginKinds.Channel
        : throw new InvalidOperationException($"{typeof(TPort).Name} is no port of the contract");

    /// <inheritdoc/>
    public Type OptionsType => typeof(TOptions);

    /// <inheritdoc/>
    public ImmutableArray<Fault> Faults(object options) => Faults((TOptions)options);

    /// <inheritdoc/>
    public ImmutableArray<string> Claims(object options) => Claims((TOptions)options);

    /// <inheritdoc/>
    public async ValueTask<object> CreateAsync(object options, PluginContext context, CancellationToken cancellationToken) =>
        await CreateAsync((TOptions)options, context, cancellationToken).ConfigureAwait(false);

    /// <summary>What is wrong beyond the annotations: fields that contradict each other, addresses that are none. Does no I/O.</summary>
    protected virtual ImmutableArray<Fault> Faults(TOptions options) => [];

    /// <inheritdoc cref="IPlugin.Claims"/>
    protected virtual ImmutableArray<string> Claims(TOptions options) => [];

    /// <inheritdoc cref="IPlugin.CreateAsync"/>
    protected abstract ValueTask<TPort> CreateAsync(TOptions options, PluginContext context, CancellationToken cancellationToken);
}

/// <summary>One thing that can't be taken.</summary>
/// <param name="Field">Its path: <c>Routes:shop:Stable</c> in options, <c>arms[1].basisPoints</c> in an intent.</param>
/// <param name="Accepted">What would be accepted.</param>
public sealed record Fault(string Field, string Accepted);
