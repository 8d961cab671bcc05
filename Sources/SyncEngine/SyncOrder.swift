package import Manifest

/// The wave of an object: lower ones are applied and healthy first.
package enum SyncWave {
    package static func of(_ object: JSON) -> Int64 {
        let annotations = object.annotations
        return (annotations[Names.syncWave] ?? annotations[Names.helmHookWeight]).flatMap(Int64.init) ?? 0
    }
}

/// One object's part in an operation.
package struct SyncTask: Hashable, Sendable {
    package enum Action: Hashable, Sendable { case apply, prune }

    package var action: Action
    package var reference: ObjectReference
    package var version: String
    package var wave: Int64
    /// What to apply; `nil` for a prune.
    package var desired: JSON?
    package var live: LiveObject?
    package var options: SyncOptions
    package var isModified: Bool
    package var isShared: Bool

    package var groupVersionKind: GroupVersionKind {
        GroupVersionKind(group: reference.group, version: version, kind: reference.kind)
    }

    /// The tasks of an operation in the order in which they are carried out.
    package static func ordered(_ objects: [ObjectState], selection: [SyncOperation.Selection], prunesLast: Bool)
        -> [SyncTask]
    {
        var tasks: [SyncTask] = []
        for state in objects {
            if !selection.isEmpty, !selection.contains(where: { $0.matches(state.reference) }) { continue }
            tasks.append(
                SyncTask(
                    action: state.desired == nil ? .prune : .apply, reference: state.reference, version: state.version,
                    wave: state.wave, desired: state.desired, live: state.live, options: state.options,
                    isModified: state.status != .synced, isShared: state.isShared))
        }
        reversePruneWaves(&tasks)
        let last = max(tasks.map(\.wave).max() ?? 0, 0) &+ 1
        for index in tasks.indices where tasks[index].action == .prune {
            if prunesLast || tasks[index].options.prunesLast { tasks[index].wave = last }
        }
        tasks.sort(by: precedes)
        bubble(&tasks)
        return tasks
    }

    /// What was created first is deleted last: the distinct waves of prunes are mirrored.
    private static func reversePruneWaves(_ tasks: inout [SyncTask]) {
        let waves = Set(tasks.filter { $0.action == .prune }.map(\.wave)).sorted()
        let mirrored = Dictionary(zip(waves, waves.reversed()), uniquingKeysWith: { first, _ in first })
        for index in tasks.indices where tasks[index].action == .prune {
            tasks[index].wave = mirrored[tasks[index].wave] ?? tasks[index].wave
        }
    }

    private static func precedes(_ left: SyncTask, _ right: SyncTask) -> Bool {
        if left.wave != right.wave { return left.wave < right.wave }
        let (a, b) = (rank(left.reference.kind), rank(right.reference.kind))
        if a != b { return a < b }
        if left.reference.name != right.reference.name { return left.reference.name < right.reference.name }
        return left.reference < right.reference
    }

    /// Moves a Namespace before the first task in it, and a CustomResourceDefinition before the first of its kind.
    private static func bubble(_ tasks: inout [SyncTask]) {
        for task in tasks where task.action == .apply {
            let isDependent: (SyncTask) -> Bool
            if task.reference.group.isEmpty, task.reference.kind == "Namespace" {
                isDependent = { $0.reference.namespace == task.reference.name }
            } else if task.reference.groupKind.isUntracked {
                let kind = task.desired?.at("spec", "names", "kind")?.stringValue
                let group = task.desired?.at("spec", "group")?.stringValue
                isDependent = { $0.reference.kind == kind && $0.reference.group == group }
            } else {
                continue
            }
            guard let from = tasks.firstIndex(of: task), let to = tasks.firstIndex(where: isDependent), to < from
            else { continue }
            var moved = tasks.remove(at: from)
            moved.wave = min(moved.wave, tasks[to].wave)
            tasks.insert(moved, at: to)
        }
    }

    static func rank(_ kind: String) -> Int { ranks[kind] ?? ranks.count }

    private static let ranks: [String: Int] = {
        let kinds = [
            "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
            "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume",
            "PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList",
            "ClusterRoleBinding", "ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList",
            "Service", "DaemonSet", "Pod", "ReplicationController", "ReplicaSet", "Deployment",
            "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress", "APIService",
        ]
        return Dictionary(zip(kinds, 0...), uniquingKeysWith: { first, _ in first })
    }()
}
