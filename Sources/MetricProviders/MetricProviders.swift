// MetricProviders
