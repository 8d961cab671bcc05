import Kubernetes
import Manifest
package import RolloutEngine

/// Gauges about Rollouts, read from the cache when somebody scrapes, and how long their updates took.
package enum RolloutMetrics {
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

    /// In the order in which they run, as Argo Rollouts names them.
    private static let routerNames: [(name: String, label: String)] = [
        ("istio", "Istio"), ("nginx", "Nginx"), ("alb", "ALB"), ("smi", "SMI"), ("ambassador", "Ambassador"),
        ("appMesh", "AppMesh"), ("traefik", "Traefik"), ("apisix", "Apisix"),
    ]

    /// The label `traffic_router`; empty without one.
    package static func router(_ rollout: Rollout) -> String {
        guard let routing = rollout.spec.canary?.trafficRouting else { return "" }
        if let router = routerNames.first(where: { routing.settings($0.name) != nil }) { return router.label }
        // A plugin has no other name than the one it is configured by.
        return routing.settings("plugins")?.objectValue?.keys.min(by: utf8Order) ?? ""
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
