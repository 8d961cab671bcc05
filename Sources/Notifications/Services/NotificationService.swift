import Manifest

/// Where notifications can go.
///
/// Its values come from the Secret; nothing prints them.
package struct NotificationService: Sendable, CustomStringConvertible, CustomReflectable {
    /// The name in `service.<kind>`, and of the block in templates.
    package enum Kind: String, Sendable, CaseIterable {
        case alertmanager, email, github, googlechat, grafana, mattermost, opsgenie, pagerdutyv2, slack, teams
        case teamsWorkflows = "teams-workflows"
        case telegram, webhook
    }

    package let kind: Kind
    let sender: any ServiceSender

    /// - Parameters:
    ///   - type: See ``Kind``.
    ///   - settings: With secrets filled in.
    init(type: String, _ settings: JSON) throws(ConfigProblem) {
        guard let kind = Kind(rawValue: type) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ConfigProblem("service type \(type) is not supported; use one of \(known)")
        }
        guard settings.objectValue != nil else {
            throw ConfigProblem("a service's settings are an object, not \(settings.typeName)")
        }
        self.kind = kind
        let settings = ServiceSettings(settings)
        sender =
            switch kind {
            case .alertmanager: try AlertmanagerService(settings)
            case .email: try EmailService(settings)
            case .github: try GitHubService(settings)
            case .googlechat: try GoogleChatService(settings)
            case .grafana: try GrafanaService(settings)
            case .mattermost: try MattermostService(settings)
            case .opsgenie: try OpsgenieService(settings)
            case .pagerdutyv2: try PagerDutyService(settings)
            case .slack: try SlackService(settings)
            case .teams: try TeamsService(settings)
            case .teamsWorkflows: try TeamsWorkflowsService(settings)
            case .telegram: try TelegramService(settings)
            case .webhook: try WebhookService(settings)
            }
    }

    package var description: String { "\(kind.rawValue) service" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Hands messages to one kind of service.
protocol ServiceSender: Sendable {
    init(_ settings: ServiceSettings) throws(ConfigProblem)

    /// Hands one delivery over; a repeated call sends it again.
    func send(_ delivery: Delivery, _ line: ServiceLine) async throws(DeliveryError)
}
