using Xunit.Sdk;
using Xunit.v3;

// Each class runs a whole platform with real traffic; side by side they would measure the machine.
[assembly: Parallelization(Mode = ParallelMode.None)]
