namespace Delivery.Statistics.Tests;

/// <summary>Known answers computed with mpmath 1.3 at 40 digits.</summary>
public sealed class DistributionTests
{
    [Theory]
    [InlineData(0.001, 1, -0.693784002848383708)]
    [InlineData(0.5, 1, -1.04294189806203175)]
    [InlineData(2, 1, -1.91336036450401026)]
    [InlineData(6, 1, -2.94563902141538088)]
    [InlineData(20, 1, -4.14129459133988242)]
    [InlineData(40, 1, -4.83381761689466442)]
    [InlineData(0.001, 2, -0.693854537282143805)]
    [InlineData(0.5, 2, -1.09861228866810969)]
    [InlineData(2, 2, -2.388669159674589)]
    [InlineData(6, 2, -4.3173078842001641)]
    [InlineData(20, 2, -6.68835316116257781)]
    [InlineData(40, 2, -8.07184305210530077)]
    [InlineData(0.001, 3.5, -0.693891001654412619)]
    [InlineData(0.5, 3.5, -1.12878735200618128)]
    [InlineData(2, 3.5, -2.76352177094918662)]
    [InlineData(6, 3.5, -5.8278242968896764)]
    [InlineData(20, 3.5, -9.92105938827116714)]
    [InlineData(40, 3.5, -12.3377268173084629)]
    [InlineData(0.001, 10, -0.693925700152955465)]
    [InlineData(0.5, 10, -1.1585317250333985)]
    [InlineData(2, 10, -3.3051415512324532)]
    [InlineData(6, 10, -9.62503145615829241)]
    [InlineData(20, 10, -20.6527783349476811)]
    [InlineData(40, 10, -27.4996167211610033)]
    [InlineData(0.001, 30, -0.693938758008238506)]
    [InlineData(0.5, 30, -1.1700175240009593)]
    [InlineData(2, 30, -3.60040998300569475)]
    [InlineData(6, 30, -14.1762818255923121)]
    [InlineData(20, 30, -42.5328572049967458)]
    [InlineData(40, 30, -62.5462346472991756)]
    [InlineData(0.001, 100, -0.693943389690222218)]
    [InlineData(0.5, 100, -1.17413319065657165)]
    [InlineData(2, 100, -3.72529079963100253)]
    [InlineData(6, 100, -17.9593106823010266)]
    [InlineData(20, 100, -83.5867839065617707)]
    [InlineData(40, 100, -144.854990307202921)]
    [InlineData(0.001, 199, -0.693944380933099467)]
    [InlineData(0.5, 199, -1.17501691464862703)]
    [InlineData(2, 199, -3.75373801789897065)]
    [InlineData(6, 199, -19.1995851787106369)]
    [InlineData(20, 199, -113.012107816218468)]
    [InlineData(40, 199, -222.576151614816298)]
    [InlineData(0.001, 200, -0.69394438594259219)]
    [InlineData(0.5, 200, -1.17502138340201566)]
    [InlineData(2, 200, -3.75388344490818763)]
    [InlineData(6, 200, -19.2064784060827091)]
    [InlineData(20, 200, -113.230303812470784)]
    [InlineData(40, 200, -223.233531295701906)]
    [InlineData(0.001, 1000, -0.693945183861448095)]
    [InlineData(0.5, 1000, -1.1757335116817928)]
    [InlineData(2, 1000, -3.77726603459162635)]
    [InlineData(6, 1000, -20.4028615826528994)]
    [InlineData(20, 1000, -171.985282670468212)]
    [InlineData(40, 1000, -481.886657563593297)]
    [InlineData(0.001, 100000, -0.693945381470662456)]
    [InlineData(0.5, 100000, -1.17590997866394983)]
    [InlineData(2, 100000, -3.78312500477189685)]
    [InlineData(6, 100000, -20.7333518019185804)]
    [InlineData(20, 100000, -203.516225288312115)]
    [InlineData(40, 100000, -798.267965641245469)]
    [InlineData(0.001, 1e+06, -0.693945383267334682)]
    [InlineData(0.5, 1e+06, -1.17591158330026046)]
    [InlineData(2, 1e+06, -3.78317840065798213)]
    [InlineData(6, 1e+06, -20.7364271622900063)]
    [InlineData(20, 1e+06, -203.876966319651902)]
    [InlineData(40, 1e+06, -803.968324750342)]
    [InlineData(0.001, 1e+08, -0.693945383464968874)]
    [InlineData(0.5, 1e+08, -1.1759117598106846)]
    [InlineData(2, 1e+08, -3.78318427435164511)]
    [InlineData(6, 1e+08, -20.7367655320176701)]
    [InlineData(20, 1e+08, -203.916753374618903)]
    [InlineData(40, 1e+08, -804.602034084571197)]
    public void t_log_survival_is_accurate_far_into_the_tail(double t, double df, double expected) =>
        StudentT.LogSurvival(t, df).ShouldBe(expected, 1e-12 * Math.Abs(expected));

    [Theory]
    [InlineData(0.0001, 1, 3183.09875711815091)]
    [InlineData(1e-12, 10, 40.5320961786625965)]
    [InlineData(1e-12, 100, 8.02582559449325306)]
    [InlineData(0.025, 3, 3.18244630528370959)]
    [InlineData(0.025, 5.7, 2.47847130870061122)]
    [InlineData(0.025, 199.9, 1.97190222837592673)]
    [InlineData(0.025, 200, 1.97189622363390938)]
    [InlineData(1e-12, 200, 7.50324765707268352)]
    [InlineData(1e-12, 1000, 7.12422892531440914)]
    [InlineData(0.025, 100000, 1.95998770753460964)]
    [InlineData(1e-30, 2, 707106781186547.524)]
    [InlineData(1e-100, 50, 667.492173982957415)]
    [InlineData(0.49, 4, 0.0266706183026390064)]
    [InlineData(0.499999, 7, 2.59746027564898852e-6)]
    [InlineData(0.0005, 1000000, 3.29053646124869113)]
    [InlineData(0.001, 0.5, 102849.115630175554)]
    public void t_quantile_is_accurate_where_other_libraries_throw_or_lie(double p, double df, double expected)
    {
        StudentT.UpperQuantile(p, df).ShouldBe(expected, (p > 0.4 ? 1e-9 : 1e-12) * expected);
        StudentT.Quantile(p, df).ShouldBe(-StudentT.UpperQuantile(p, df));
    }

    [Theory]
    [InlineData(1e-4)]
    [InlineData(0.3)]
    [InlineData(0.9)]
    public void t_quantile_and_survival_undo_one_another(double p)
    {
        foreach (var df in new[] { 0.7, 1, 2.5, 17, 150, 199.99, 200, 1e3, 1e6, 1e9 })
            StudentT.Survival(StudentT.UpperQuantile(p, df), df).ShouldBe(p, 1e-12 * p);
    }

    [Theory]
    [InlineData(0, -0.69314718055994530942)]
    [InlineData(1, -1.8410216450092635058)]
    [InlineData(5, -15.064998393988725736)]
    [InlineData(11.9, -74.20741805124829167)]
    [InlineData(12.1, -76.623861242513235557)]
    [InlineData(40, -804.60844201375378817)]
    [InlineData(-3, -0.0013508099647481937988)]
    [InlineData(-9, -1.1285884059538406478e-19)]
    public void normal_log_survival_is_accurate_in_both_tails(double z, double expected) =>
        Normal.LogSurvival(z).ShouldBe(expected, 2e-13 * Math.Abs(expected));

    [Theory]
    [InlineData(0.025, 1.9599639845400542355)]
    [InlineData(1e-12, 7.0344838253011319313)]
    [InlineData(1e-300, 37.047096299361199237)]
    [InlineData(0.3, 0.52440051270804065648)]
    public void normal_quantile_is_accurate_in_the_tail(double p, double expected) =>
        Normal.UpperQuantile(p).ShouldBe(expected, 1e-14 * expected);

    [Theory]
    [InlineData(1, 3.84, 0.050043521248705103189)]
    [InlineData(1, 22.774369, 1.8217927227394658039e-6)]
    [InlineData(2, 40, 2.061153622438557828e-9)]
    [InlineData(5, 300, 1.0015302305957845546e-62)]
    [InlineData(99, 250, 4.8443124113853718575e-15)]
    public void chi_square_upper_tail_keeps_its_digits(int df, double x, double expected) =>
        ChiSquare.Survival(x, df).ShouldBe(expected, 1e-10 * expected);
}
