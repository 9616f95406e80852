use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    requests: [AtomicU64; 6],
    /// Devices that enrolled.
    pub(super) enrolments: Count,
    /// Sessions that devices opened.
    pub(super) sessions: Count,
    /// Results that came in.
    pub(super) results: Count,
    /// Requests with credentials that do not hold.
    pub(super) authentication_failures: Count,
    /// Actions that the dispatcher tried to send.
    pub(super) deliveries: Count,
    /// SIP requests that came in.
    pub(super) sip_requests: Count,
    /// Text messages that gateways brought.
    pub(super) sms_received: Count,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// Counts an answer by the class of its status.
    pub(super) fn answered(&self, status: u16) {
        if let Some(count) = self.requests.get(usize::from(status / 100)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counters in the text format of Prometheus, then `gauges` as name, meaning and value.
    pub(super) fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::from(
            "# HELP callhome_http_requests_total Answers by class of status.\n# TYPE callhome_http_requests_total counter\n",
        );
        for class in 2..=5 {
            let count = self.requests[class].load(Ordering::Relaxed);
            // Writing to a string cannot fail.
            let _infallible = writeln!(
                text,
                "callhome_http_requests_total{{class=\"{class}xx\"}} {count}"
            );
        }
        let counters = [
            ("enrolments", "Devices that enrolled.", &self.enrolments),
            ("sessions", "Sessions that devices opened.", &self.sessions),
            ("results", "Results that came in.", &self.results),
            (
                "authentication_failures",
                "Requests with credentials that do not hold.",
                &self.authentication_failures,
            ),
            (
                "deliveries",
                "Actions that the dispatcher tried to send.",
                &self.deliveries,
            ),
            (
                "sip_requests",
                "SIP requests that came in.",
                &self.sip_requests,
            ),
            (
                "sms_received",
                "Text messages that gateways brought.",
                &self.sms_received,
            ),
        ];
        for (name, meaning, count) in counters {
            let value = count.get();
            let _infallible = writeln!(
                text,
                "# HELP callhome_{name}_total {meaning}\n# TYPE callhome_{name}_total counter\ncallhome_{name}_total {value}"
            );
        }
        for (name, meaning, value) in gauges {
            let _infallible = writeln!(
                text,
                "# HELP callhome_{name} {meaning}\n# TYPE callhome_{name} gauge\ncallhome_{name} {value}"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_meaning_before_it() {
        let metrics = Metrics::default();
        metrics.answered(204);
        metrics.answered(404);
        metrics.sessions.up();
        let text = metrics.text(&[("devices", "Devices in the registry.", 7)]);
        for line in [
            "callhome_http_requests_total{class=\"2xx\"} 1",
            "callhome_http_requests_total{class=\"5xx\"} 0",
            "callhome_sessions_total 1",
            "callhome_devices 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        assert!(text.ends_with('\n'));
    }
}
