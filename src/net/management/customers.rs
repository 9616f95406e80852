use reqwest::Method;

use super::{Client, ClientError, Write};
use crate::api::{CustomerView, EvaluationOrder};
use crate::domain::{SystemId, Timestamp};

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// `GET /api/v1/customers`: the server itself first, then those whose router it is.
    pub async fn customers(&self) -> Answer<Vec<CustomerView>> {
        self.read("/api/v1/customers", &[]).await
    }

    /// `PUT` or `DELETE /api/v1/customers/{system_id}/evaluation`: a customer is in evaluation until then; without an
    /// end it is converted.
    pub async fn evaluate(
        &self,
        id: SystemId,
        until: Option<Timestamp>,
        write: &Write,
    ) -> Answer<CustomerView> {
        let path = format!("/api/v1/customers/{id}/evaluation");
        match until {
            Some(until) => {
                let order = EvaluationOrder { until };
                self.write(Method::PUT, &path, Some(&order), write).await
            }
            None => self.write(Method::DELETE, &path, None::<&()>, write).await,
        }
    }
}
