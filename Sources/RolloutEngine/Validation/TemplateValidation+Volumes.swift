import Manifest

extension TemplateValidation {
    mutating func volumes(_ list: JSON) {
        each("volumes", list) { check, volume, _ in
            let name = volume["name"]?.stringValue ?? ""
            if name.isEmpty {
                check.fail("name", "every volume needs a name; add one", .required)
            } else if !NameSyntax.isDNSLabel(name) {
                check.fail("name", notLabel(name))
            } else if !check.volumes.insert(name).inserted {
                check.fail("name", "\"\(name)\" is used twice; give each volume its own name")
            }
            // Without any source the server makes it an emptyDir.
            let sources = (volume.objectValue ?? [:]).filter { $0.key != "name" && $0.value.isObject }
            check.fail(
                sources.count > 1, "",
                "exactly one source is needed, found \(sources.keys.sorted().joined(separator: ", ")); keep one")
            for (kind, source) in sources { check.source(kind, source) }
        }
    }

    /// What the sources need, as `kind: field field`.
    private static let needs: [String: [String]] = [
        "hostPath": ["path"], "nfs": ["server", "path"], "secret": ["secretName"],
        "persistentVolumeClaim": ["claimName"], "gitRepo": ["repository"], "csi": ["driver"],
        "awsElasticBlockStore": ["volumeID"], "gcePersistentDisk": ["pdName"], "azureDisk": ["diskName", "diskURI"],
        "azureFile": ["secretName", "shareName"], "cinder": ["volumeID"], "glusterfs": ["endpoints", "path"],
        "rbd": ["image"], "flexVolume": ["driver"], "vsphereVolume": ["volumePath"], "iscsi": ["targetPortal", "iqn"],
        "portworxVolume": ["volumeID"], "photonPersistentDisk": ["pdID"],
        // The name may be generated from a template's, but never be empty.
        "configMap": ["name"],
    ]

    private mutating func source(_ kind: String, _ source: JSON) {
        for field in Self.needs[kind] ?? [] where (source[field]?.stringValue ?? "").isEmpty {
            fail("\(kind).\(field)", "is needed; add it", .required)
        }
        switch kind {
        case "emptyDir":
            if let limit = source["sizeLimit"].flatMap({ Quantity($0) }), limit.nanos < 0 {
                fail("emptyDir.sizeLimit", "cannot be negative; use 0 or more")
            }
        case "configMap": within("configMap") { $0.files(source) }
        case "secret": within("secret") { $0.files(source) }
        case "downwardAPI": within("downwardAPI") { $0.downward(source) }
        case "projected": within("projected") { $0.projected(source) }
        case "hostPath":
            choose(
                source["type"], "hostPath.type",
                ["DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice"])
            let path = source["path"]?.stringValue ?? ""
            fail(climbs(path), "hostPath.path", "\"\(shown(path))\" must not contain '..'; write it out")
        case "nfs":
            let path = source["path"]?.stringValue ?? ""
            fail(
                !path.isEmpty && !path.hasPrefix("/"), "nfs.path",
                "\"\(shown(path))\" is not absolute; begin it with /")
        case "gcePersistentDisk": if source["readOnly"]?.boolValue != true { noteWritableDisk() }
        case "ephemeral":
            let claim = source.at("volumeClaimTemplate", "spec")
            if claim?.isObject != true {
                return fail("ephemeral.volumeClaimTemplate.spec", "is needed; add it", .required)
            }
            if (claim?["accessModes"]?.arrayValue ?? []).isEmpty {
                fail("ephemeral.volumeClaimTemplate.spec.accessModes", "at least one is needed; add it", .required)
            }
            if claim?.at("resources", "requests", "storage") == nil {
                fail(
                    "ephemeral.volumeClaimTemplate.spec.resources.requests.storage", "is needed; add it", .required)
            }
        default: break
        }
    }

    private mutating func mode(_ object: JSON, _ field: String) {
        guard let mode = object[field]?.intValue else { return }
        fail(!(0...0o777).contains(mode), field, "\(mode) is no file mode; use 0 to 511, which is 0777")
    }

    /// Keys of a ConfigMap or Secret that become files.
    private mutating func files(_ source: JSON) {
        mode(source, "defaultMode")
        each("items", source["items"]) { check, item, _ in
            check.need(item, "key")
            check.file(item)
        }
    }

    private mutating func downward(_ source: JSON) {
        mode(source, "defaultMode")
        each("items", source["items"]) { check, item, _ in
            check.file(item)
            let given = ["fieldRef", "resourceFieldRef"].filter { item[$0].map { !$0.isNull } ?? false }
            check.fail(given.count != 1, "", "exactly one source is needed; give fieldRef or resourceFieldRef")
        }
    }

    private mutating func file(_ item: JSON) {
        mode(item, "mode")
        let path = item["path"]?.stringValue ?? ""
        if path.isEmpty { return fail("path", "is needed; add it", .required) }
        fail(
            path.hasPrefix("/") || climbs(path) || path.hasPrefix(".."), "path",
            "\"\(shown(path))\" must be relative and without '..'; correct it")
    }

    private mutating func projected(_ source: JSON) {
        mode(source, "defaultMode")
        each("sources", source["sources"]) { check, part, _ in
            let kinds = (part.objectValue ?? [:]).filter { $0.value.isObject }
            check.fail(
                kinds.count != 1, "", "exactly one source is needed, found \(kinds.count); make a source of each")
            for (kind, value) in kinds {
                switch kind {
                case "configMap":
                    check.within("configMap") {
                        $0.need(value, "name"); $0.files(value)
                    }
                case "secret":
                    check.within("secret") {
                        $0.need(value, "name"); $0.files(value)
                    }
                case "downwardAPI": check.within("downwardAPI") { $0.downward(value) }
                case "serviceAccountToken":
                    check.within("serviceAccountToken") { check in
                        check.need(value, "path")
                        guard let seconds = value["expirationSeconds"]?.intValue else { return }
                        check.fail(
                            !(600...1 << 32).contains(seconds), "expirationSeconds",
                            "\(seconds) is not allowed; use 600 or more")
                    }
                default: break
                }
            }
        }
    }

    // MARK: Mounts

    mutating func mounts(_ container: JSON) {
        var paths: Set<String> = []
        each("volumeMounts", container["volumeMounts"]) { check, mount, _ in
            check.volumeName(mount)
            let path = mount["mountPath"]?.stringValue ?? ""
            if path.isEmpty {
                check.fail("mountPath", "is needed; add it", .required)
            } else if !paths.insert(path).inserted {
                check.fail("mountPath", "\"\(shown(path))\" is used twice; give each mount its own path")
            }
            let (subPath, expression) = (
                mount["subPath"]?.stringValue ?? "", mount["subPathExpr"]?.stringValue ?? ""
            )
            check.fail(
                !subPath.isEmpty && !expression.isEmpty, "subPathExpr",
                "cannot be combined with subPath; remove one of them")
            for (field, text) in [("subPath", subPath), ("subPathExpr", expression)] where !text.isEmpty {
                check.fail(
                    text.hasPrefix("/") || climbs(text), field,
                    "\"\(shown(text))\" must be relative and without '..'; correct it")
            }
            check.choose(mount["mountPropagation"], "mountPropagation", ["None", "HostToContainer", "Bidirectional"])
        }
        each("volumeDevices", container["volumeDevices"]) { check, device, _ in
            check.volumeName(device)
            let path = device["devicePath"]?.stringValue ?? ""
            if path.isEmpty {
                check.fail("devicePath", "is needed; add it", .required)
            } else if !paths.insert(path).inserted {
                check.fail("devicePath", "\"\(shown(path))\" is used twice; give each device its own path")
            }
        }
    }

    private mutating func volumeName(_ mount: JSON) {
        let name = mount["name"]?.stringValue ?? ""
        if name.isEmpty {
            fail("name", "is needed; name a volume", .required)
        } else if !volumes.contains(name) {
            fail("name", "no volume is called \"\(shown(name))\"; add it to volumes", .notFound)
        }
    }
}

/// Whether a path goes up with `..`.
private func climbs(_ path: String) -> Bool {
    path.utf8.count > 1 && path.utf8.contains(UInt8(ascii: "."))
        && path.split(separator: "/", omittingEmptySubsequences: false).contains("..")
}
