namespace Delivery.Statistics;

/// <summary>Reads one arm's sums and notes every field that is missing or impossible.</summary>
internal sealed class ArmReader(List<InvalidField> errors, string path, ArmInput? input)
{
    private readonly ArmInput arm = input ?? new ArmInput();

    public SampleSums Mean() => Sums("", new SumsInput(arm.N, arm.Sum, arm.SumSquares));

    public ProportionSums Proportion()
    {
        var n = Units("n", arm.N);
        var sum = Number("sum", arm.Sum);
        CompareService.Check(errors, !(sum < 0) && !(sum > n), $"{path}.sum", "a count from 0 to n");
        return new ProportionSums(n, sum);
    }

    public RatioSums Ratio()
    {
        var (m, d) = (Sums("m.", arm.M), Sums("d.", arm.D));
        CompareService.Check(errors, m.N == d.N, $"{path}.d.n", "the same number as m.n");
        return new RatioSums(m, d, Number("md", arm.Md));
    }

    public CupedSums Cuped()
    {
        var (y, x) = (Sums("y.", arm.Y), Sums("x.", arm.X));
        CompareService.Check(errors, y.N == x.N, $"{path}.x.n", "the same number as y.n");
        return new CupedSums(y, x, Number("yx", arm.Yx));
    }

    private SampleSums Sums(string prefix, SumsInput? sums)
    {
        var squares = Number($"{prefix}sumSquares", sums?.SumSquares);
        CompareService.Check(errors, !(squares < 0), $"{path}.{prefix}sumSquares", "a number of at least 0");
        return new SampleSums(Units($"{prefix}n", sums?.N), Number($"{prefix}sum", sums?.Sum), squares);
    }

    private long Units(string field, long? value)
    {
        CompareService.Check(errors, value >= 0, $"{path}.{field}", "a whole number of at least 0");
        return value ?? 0;
    }

    private double Number(string field, double? value)
    {
        CompareService.Check(errors, value is { } number && double.IsFinite(number), $"{path}.{field}", "a finite number");
        return value ?? 0;
    }
}
