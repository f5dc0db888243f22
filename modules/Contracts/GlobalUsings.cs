global using Delivery.Contracts.Access;
