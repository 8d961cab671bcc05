import Controllers
import Manifest
import Notifications
import Testing

@Suite("Delivery lines") struct DeliveryLinesTests {
    let now = ContinuousClock.now

    func delivery(_ id: Int, of name: String = "web") -> Delivery {
        Delivery(
            id: "\(id)", trigger: "on-x", template: "t", service: "hooks", recipient: "",
            object: ObjectKey(namespace: "shop", name: name),
            content: DeliveryContent(text: "", time: Timestamp(seconds: 0)))
    }

    @Test("one that failed waits for its time, and the others do not wait for it") func postponed() {
        var lines = DeliveryLines()
        let line = DeliveryLine(delivery(1))
        for id in [1, 2, 1] { #expect(lines.add(delivery(id)) == nil) }
        #expect(lines.count == 2)
        #expect(lines.next(line, at: now) == .deliver(delivery(1)))
        lines.postpone("1", in: line, until: now + .seconds(9))
        #expect(lines.next(line, at: now) == .deliver(delivery(2)))
        lines.remove("2", from: line)
        #expect(lines.next(line, at: now) == .wait(now + .seconds(9)))
        #expect(lines.next(line, at: now + .seconds(9)) == .deliver(delivery(1)))
        lines.remove("1", from: line)
        #expect(lines.next(line, at: now) == .nothing)
        #expect(lines.count == 0)
    }

    @Test("a full line loses its oldest that is not being delivered") func full() {
        var lines = DeliveryLines()
        for id in 0..<100 { #expect(lines.add(delivery(id)) == nil) }
        #expect(lines.next(DeliveryLine(delivery(0)), at: now) == .deliver(delivery(0)))
        #expect(lines.add(delivery(100)) == delivery(1))
        #expect(lines.add(delivery(100, of: "api")) == nil)
        #expect(lines.count == 101)
    }

    @Test("where all lines are full, the longest loses") func allFull() {
        var lines = DeliveryLines()
        for id in 0..<50 { _ = lines.add(delivery(id, of: "long")) }
        for id in 50..<10_000 { _ = lines.add(delivery(id, of: "web-\(id)")) }
        #expect(lines.count == 10_000)
        #expect(lines.add(delivery(10_000, of: "new")) == delivery(0, of: "long"))
        #expect(lines.count == 10_000)
    }
}
