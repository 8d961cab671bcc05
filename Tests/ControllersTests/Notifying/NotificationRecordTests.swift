import Controllers
import Manifest
import Testing

@Suite("Notification record") struct NotificationRecordTests {
    @Test("it survives being written and read, stays small, and forgives rubbish") func roundTrip() {
        var record = NotificationRecord(annotations: [:])
        for index in 0..<50 { record.noteTold("fact \(index)", of: "on-x") }
        for index in 0..<300 { record.noteDelivered("\(index)-abcdefghijklmnopqrstuvwxyz") }
        record.edges = ["a": 1]
        let annotations = record.annotations.compactMapValues { $0 }
        let read = NotificationRecord(annotations: annotations)
        #expect(read == record)
        #expect(read.isTold("fact 49", of: "on-x"))
        #expect(!read.isTold("fact 1", of: "on-x"))
        #expect(annotations.values.reduce(0) { $0 + $1.utf8.count } < 4096)
        let broken = NotificationRecord(annotations: [
            NotificationRecord.factsAnnotation: "{[", NotificationRecord.edgesAnnotation: "[1]",
        ])
        #expect(broken == NotificationRecord(annotations: [:]))
    }
}
