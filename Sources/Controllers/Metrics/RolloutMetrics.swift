import Kubernetes
import Manifest
import RolloutEngine

/// Gauges about Rollouts, read from the cache when somebody scrapes, and how long their updates took.
enum RolloutMetrics {
    private static let phases = ["Completed", "Progressing", "Paused", "Timeout", "Error", "Abort", "InvalidSpec"]

    static func collect(into metrics: MetricsRegistry, _ caches: RolloutCaches) {
        metrics.collect { writer in
            for rollout in caches.rollouts.store.all {
                let object = [("namespace", rollout.key.namespace), ("name", rollout.key.name)]
                let status = rollout.status
                let strategy = ("strategy", strategy(rollout))
                let phase = phase(rollout)
                writer.gauge(
                    "rollout_info", object + [strategy, ("traffic_router", router(rollout)), ("phase", phase)], 1)
                for each in phases {
                    writer.gauge("rollout_phase", object + [strategy, ("phase", each)], each == phase ? 1 : 0)
                }
                writer.gauge("rollout_info_replicas_available", object, Double(status.availableReplicas))
                writer.gauge(
                    "rollout_info_replicas_unavailable", object, Double(status.replicas - status.availableReplicas))
                writer.gauge("rollout_info_replicas_desired", object, Double(rollout.spec.desiredReplicas))
                writer.gauge("rollout_info_replicas_updated", object, Double(status.updatedReplicas))
            }
            writer.gauge("sluice_quarantined_objects", [("kind", "Rollout")], Double(caches.rollouts.quarantined.count))
        }
    }

    /// Measures an update that has ended.
    static func report(_ update: FinishedUpdate, to metrics: MetricsRegistry) {
        let status = [("status", update.status)]
        metrics.observe("rollout_duration_seconds", status, update.total.inSeconds)
        metrics.observe(
            "rollout_progression_duration_seconds", status, max(.zero, update.total - update.manualPause).inSeconds)
        metrics.observe("rollout_manual_pause_duration_seconds", status, update.manualPause.inSeconds)
    }

    private static func strategy(_ rollout: Rollout) -> String {
        if rollout.spec.canary != nil { return "canary" }
        return rollout.spec.blueGreen != nil ? "blueGreen" : "none"
    }

    private static func router(_ rollout: Rollout) -> String {
        let routers = rollout.spec.canary?.trafficRouting?.routers ?? [:]
        if routers["istio"] != nil { return "Istio" }
        if routers["nginx"] != nil { return "Nginx" }
        return ""
    }

    private static func phase(_ rollout: Rollout) -> String {
        if rollout.status.condition(.invalidSpec) != nil { return "InvalidSpec" }
        return switch rollout.status.condition(.progressing)?.reason {
        case ProgressReason.available: "Completed"
        case ProgressReason.paused: "Paused"
        case ProgressReason.createError: "Error"
        case ProgressReason.deadlineExceeded: "Timeout"
        case ProgressReason.aborted: "Abort"
        default: "Progressing"
        }
    }
}
