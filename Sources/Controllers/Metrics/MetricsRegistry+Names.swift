extension MetricsRegistry {
    /// A registry with every metric that the controller knows.
    package static func standard(version: String) -> MetricsRegistry {
        let registry = MetricsRegistry()
        let phases = [30.0, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800]
        let controllers = ["Rollouts", "AnalysisRuns", "Applications", "Releases"]
        registry.declare("rollout_info", .gauge, "Information about a rollout.")
        registry.declare("rollout_info_replicas_available", .gauge, "Available pods of a rollout.")
        registry.declare("rollout_info_replicas_unavailable", .gauge, "Pods of a rollout that are not available.")
        registry.declare("rollout_info_replicas_desired", .gauge, "Desired pods of a rollout.")
        registry.declare("rollout_info_replicas_updated", .gauge, "Pods of a rollout's newest template.")
        registry.declare(
            "rollout_reconcile", .histogram, "Seconds that a reconcile of a rollout took.",
            bounds: [0.01, 0.15, 0.25, 0.5, 1])
        registry.declare("rollout_reconcile_error", .counter, "Reconciles of a rollout that failed.")
        registry.declare("rollout_events_total", .counter, "Events about rollouts.")
        registry.declare("rollout_phase", .gauge, "Phase of a rollout; rollout_info has it as a label.")
        registry.declare("rollout_duration_seconds", .histogram, "Seconds that an update took.", bounds: phases)
        registry.declare(
            "rollout_progression_duration_seconds", .histogram,
            "Seconds that an update took without the time that people held it.",
            bounds: [30, 60, 120, 300, 600, 900, 1_800, 3_600])
        registry.declare(
            "rollout_manual_pause_duration_seconds", .histogram, "Seconds that people held an update.",
            bounds: [0, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800])
        let reconcile = [0.01, 0.15, 0.25, 0.5, 1]
        registry.declare("experiment_info", .gauge, "Information about an experiment.")
        registry.declare("experiment_phase", .gauge, "Phase of an experiment; experiment_info has it as a label.")
        registry.declare(
            "experiment_reconcile", .histogram, "Seconds that a reconcile of an experiment took.", bounds: reconcile)
        registry.declare("experiment_reconcile_error", .counter, "Reconciles of an experiment that failed.")
        registry.declare("analysis_run_info", .gauge, "Information about an analysis run.")
        registry.declare("analysis_run_phase", .gauge, "Phase of an analysis run; analysis_run_info has it as a label.")
        registry.declare("analysis_run_metric_type", .gauge, "Provider of a metric of an analysis run.")
        registry.declare("analysis_run_metric_phase", .gauge, "Phase of a metric of an analysis run.")
        registry.declare(
            "analysis_run_reconcile", .histogram, "Seconds that a reconcile of an analysis run took.",
            bounds: reconcile)
        registry.declare("analysis_run_reconcile_error", .counter, "Reconciles of an analysis run that failed.")
        registry.declare("analysis_template_info", .gauge, "Information about an analysis template.")
        registry.declare("analysis_template_metric_info", .gauge, "Provider of a metric of an analysis template.")
        registry.declare(
            "controller_clientset_k8s_request_total", .counter, "Requests to the API server, by kind and answer.")
        registry.declare("build_info", .gauge, "What this program was built from.")
        registry.set(
            "build_info", [("version", version), ("goversion", ""), ("goarch", architecture), ("commit", "")], 1)
        registry.declare("notification_send_success", .counter, "Notifications that were delivered.")
        registry.declare("notification_send_error", .counter, "Notifications that could not be delivered.")
        registry.declare(
            "notification_send", .histogram, "Seconds that a try to deliver a notification took.",
            bounds: [0.01, 0.15, 0.25, 0.5, 1])
        registry.declare(
            "sluice_notifications_dropped_total", .counter, "Notifications that were dropped because too many waited.",
            startingAtZero: [[("reason", "events")], [("reason", "line")]])
        registry.declare("argo_rollouts_controller_info", .gauge, "Version of the controller.")
        registry.set("argo_rollouts_controller_info", [("version", version)], 1)
        registry.declare("argocd_app_info", .gauge, "Information about an Application.")
        registry.declare("sluice_release_info", .gauge, "Verdict of a commit.")
        registry.declare("sluice_quarantined_objects", .gauge, "Objects that cannot be decoded, by kind.")
        registry.declare("sluice_watch_failing_seconds", .gauge, "Seconds since a watch last worked; 0 while it works.")
        registry.declare(
            "controller_runtime_reconcile_total", .counter, "Reconciles by result.",
            startingAtZero: controllers.flatMap { controller in
                ["success", "error", "requeue", "requeue_after"].map {
                    [("controller", controller), ("result", $0)]
                }
            })
        registry.declare(
            "controller_runtime_reconcile_errors_total", .counter, "Reconciles that failed.",
            startingAtZero: controllers.map { [("controller", $0)] })
        registry.declare(
            "controller_runtime_reconcile_time_seconds", .histogram, "Seconds that reconciles took.",
            bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
        registry.declare("workqueue_depth", .gauge, "Keys that wait.")
        registry.declare("workqueue_adds_total", .counter, "Keys that were added.")
        registry.declare("workqueue_retries_total", .counter, "Keys that were added again after a failure.")
        registry.declare("workqueue_unfinished_work_seconds", .gauge, "Seconds of work that is under way, in all.")
        registry.declare(
            "workqueue_longest_running_processor_seconds", .gauge, "Seconds that the longest work under way has taken.")
        registry.declare(
            "workqueue_work_duration_seconds", .histogram, "Seconds that keys were worked on.",
            bounds: [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 10])
        registry.declare(
            "workqueue_queue_duration_seconds", .histogram, "Seconds that keys waited.",
            bounds: [0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 10])
        registry.declare("rest_client_requests_total", .counter, "Requests to the API server.")
        registry.declare("leader_election_master_status", .gauge, "Whether this process leads.")
        return registry
    }

    private static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}
