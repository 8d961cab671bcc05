// TrafficEngine
