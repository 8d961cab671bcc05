import Kubernetes
import Manifest
import SyncEngine

/// Gauges about Applications and Releases, read from the caches when somebody scrapes.
enum ApplicationMetrics {
    static func collect(into metrics: MetricsRegistry, _ caches: ApplicationCaches) {
        metrics.collect { writer in
            for application in caches.applications.store.all {
                writer.gauge(
                    "argocd_app_info",
                    [
                        ("namespace", application.key.namespace), ("name", application.key.name),
                        ("project", application.spec.project), ("repo", application.spec.source?.repoURL ?? ""),
                        ("sync_status", application.status.sync?.rawValue ?? "Unknown"),
                        ("health_status", application.status.health?.rawValue ?? "Unknown"),
                    ], 1)
            }
            for release in caches.releases.store.all {
                writer.gauge(
                    "sluice_release_info",
                    [
                        ("namespace", release.key.namespace), ("application", release.spec.application),
                        ("revision", release.spec.revision), ("phase", release.status.phase.rawValue),
                        ("reason", release.status.reason),
                    ], 1)
            }
        }
    }
}

extension MetricsRegistry {
    /// Tells since when a watch has not worked.
    func collect<Object: CachedObject>(_ informer: Informer<Object>, clock: any WallClock) {
        collect { writer in
            let failing = informer.failingSince.map { max(0, (clock.now() - $0).inSeconds) } ?? 0
            writer.gauge("sluice_watch_failing_seconds", [("resource", informer.resource.plural)], failing)
        }
    }
}
