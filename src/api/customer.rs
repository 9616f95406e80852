use serde::{Deserialize, Serialize};

use crate::domain::{SystemId, Timestamp};

use super::RouteRegistration;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// A customer that tries the product out: until a date, after which nothing new is taken until it is converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Evaluation {
    /// When it ends.
    pub until: Timestamp,
    /// Set by the router with which the server registers, so only there it is changed.
    #[serde(default)]
    pub by_router: bool,
}

/// A customer (`GET /api/v1/customers`): a system id and the server that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct CustomerView {
    /// Its system id.
    pub system_id: SystemId,
    /// This very server.
    pub own: bool,
    /// Where devices with this system id enrol; absent until its server registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_url: Option<String>,
    /// Since when it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Timestamp>,
    /// Until when it is in evaluation; absent for one that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluation>,
}

/// Puts a customer into evaluation (`PUT /api/v1/customers/{system_id}/evaluation`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct EvaluationOrder {
    /// When it ends; later than now.
    pub until: Timestamp,
}

/// What a router answers to a registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct RouteAnswer {
    /// Until when the customer is in evaluation; absent for one that pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_until: Option<Timestamp>,
}

/// What is stored of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Its system id.
    pub system_id: SystemId,
    /// Where it leads, and since when.
    pub route: Option<(RouteRegistration, Timestamp)>,
    /// Its evaluation.
    pub evaluation: Option<Evaluation>,
}

impl Evaluation {
    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// Whole days that are left; 0 on the last and after the end.
    #[must_use]
    pub fn days_left(&self, now: Timestamp) -> u64 {
        let left = self.until.millis().saturating_sub(now.millis());
        u64::try_from(left / DAY_MS).unwrap_or(0)
    }

    /// The day of its end, as in `2026-12-31`.
    #[must_use]
    pub fn last_day(&self) -> String {
        self.until.to_string().chars().take(10).collect()
    }
}

impl CustomerRecord {
    /// One of whom nothing is known yet.
    #[must_use]
    pub const fn new(system_id: SystemId) -> Self {
        Self {
            system_id,
            route: None,
            evaluation: None,
        }
    }

    /// What may be shown of it.
    #[must_use]
    pub fn view(self, own: bool) -> CustomerView {
        let (server_url, registered_at) = self
            .route
            .map(|(route, since)| (route.server_url, since))
            .unzip();
        CustomerView {
            system_id: self.system_id,
            own,
            server_url,
            registered_at,
            evaluation: self.evaluation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_ends_at_its_moment_and_counts_whole_days_until_then() {
        let evaluation = Evaluation {
            until: "2026-12-31T23:59:59.999Z".parse().expect("valid"),
            by_router: false,
        };
        let at = |text: &str| text.parse::<Timestamp>().expect("valid");
        assert_eq!(evaluation.last_day(), "2026-12-31");
        assert_eq!(evaluation.days_left(at("2026-12-01T00:00:00Z")), 30);
        assert_eq!(evaluation.days_left(at("2026-12-31T12:00:00Z")), 0);
        assert!(!evaluation.has_ended(at("2026-12-31T23:59:59Z")));
        assert!(evaluation.has_ended(at("2027-01-01T00:00:00Z")));
        assert_eq!(evaluation.days_left(at("2027-02-01T00:00:00Z")), 0);
    }
}
