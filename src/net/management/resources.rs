use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{Client, ClientError, Write};
use crate::api::{
    ActionRequest, ActionView, ActionsRequest, AuditCheckpoint, AuditVerdict, BackupView,
    CallbackRequest, CallbackView, Device, DeviceEdit, DeviceLogLine, FindRequest, FindResponse,
    Invitation, InvitationRequest, LoginRequest, LoginResponse, NewDevice, NewOperator,
    NewTemplate, NewToken, NumberQuestion, Operator, Page, PasswordChange, PhoneEventReport,
    PhoneEventRequest, PinView, ProbeReport, ServerStatus, SmsGatewayHealth, SmsGatewayView,
    SmsSendRequest, SmsSendResponse, SmsSignRequest, SmsSignResponse, SmsStatus, SmsVerifyRequest,
    SmsVerifyResponse, Template, TokenSecret, TokenView, WhoAmI,
};
use crate::domain::{AuditEntry, Bearer, ShortId};

/// Which devices; what is absent does not restrict.
#[derive(Debug, Clone, Default)]
pub struct DeviceQuery {
    /// A part of name, owner, model, identity or number.
    pub contains: Option<String>,
    /// Locked or not.
    pub locked: Option<bool>,
    /// Not heard from since this moment.
    pub silent_since: Option<String>,
}

/// Which actions; what is absent does not restrict.
#[derive(Debug, Clone, Default)]
pub struct ActionQuery {
    /// Of this device.
    pub device: Option<ShortId>,
    /// In this state.
    pub state: Option<String>,
    /// With these three letters.
    pub name: Option<String>,
}

type Answer<T> = Result<T, ClientError>;

const NOTHING: Option<&()> = None;

fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Pairs of a query from optional values.
fn pairs<const N: usize>(
    values: [(&'static str, Option<String>); N],
) -> Vec<(&'static str, String)> {
    values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

impl Client {
    /// All pages of a list, or the first `most` items.
    async fn list<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        mut query: Vec<(&'static str, String)>,
        most: usize,
    ) -> Answer<Vec<T>> {
        query.push(("limit", most.clamp(1, 1_000).to_string()));
        let mut items = Vec::new();
        loop {
            let page: Page<T> = self.read(path, &query).await?;
            items.extend(page.items);
            match page.next {
                Some(next) if items.len() < most => {
                    query.retain(|(name, _)| *name != "cursor");
                    query.push(("cursor", next));
                }
                _ => break,
            }
        }
        items.truncate(most);
        Ok(items)
    }

    /// `POST /api/v1/auth/login`.
    pub async fn login(&self, request: &LoginRequest) -> Answer<LoginResponse> {
        let write = Write::default();
        self.write(Method::POST, "/api/v1/auth/login", Some(request), &write)
            .await
    }

    /// `POST /api/v1/auth/logout`.
    pub async fn logout(&self) -> Answer<()> {
        let write = Write::default();
        self.write_raw(Method::POST, "/api/v1/auth/logout", NOTHING, &write)
            .await?;
        Ok(())
    }

    /// `POST /api/v1/auth/password`.
    pub async fn change_password(&self, change: &PasswordChange) -> Answer<()> {
        let write = Write::default();
        self.write_raw(Method::POST, "/api/v1/auth/password", Some(change), &write)
            .await?;
        Ok(())
    }

    /// `GET /api/v1/auth/whoami`.
    pub async fn who_am_i(&self) -> Answer<WhoAmI> {
        self.read("/api/v1/auth/whoami", &[]).await
    }

    /// `GET /api/v1/tokens`.
    pub async fn tokens(&self) -> Answer<Vec<TokenView>> {
        self.read("/api/v1/tokens", &[]).await
    }

    /// `POST /api/v1/tokens`. Not repeated: the secret is shown once.
    pub async fn create_token(&self, token: &NewToken) -> Answer<TokenSecret> {
        let write = Write::default();
        self.write(Method::POST, "/api/v1/tokens", Some(token), &write)
            .await
    }

    /// `DELETE /api/v1/tokens/{id}`.
    pub async fn revoke_token(&self, id: ShortId) -> Answer<()> {
        let path = format!("/api/v1/tokens/{id}");
        self.write_raw(Method::DELETE, &path, NOTHING, &Write::default())
            .await?;
        Ok(())
    }

    /// `GET /api/v1/operators`.
    pub async fn operators(&self) -> Answer<Vec<Operator>> {
        self.read("/api/v1/operators", &[]).await
    }

    /// `PUT /api/v1/operators/{name}`.
    pub async fn put_operator(&self, operator: &NewOperator, write: &Write) -> Answer<Operator> {
        let path = format!("/api/v1/operators/{}", segment(&operator.name));
        self.write(Method::PUT, &path, Some(operator), write).await
    }

    /// `DELETE /api/v1/operators/{name}`.
    pub async fn remove_operator(&self, name: &str) -> Answer<()> {
        let path = format!("/api/v1/operators/{}", segment(name));
        self.write_raw(Method::DELETE, &path, NOTHING, &Write::default())
            .await?;
        Ok(())
    }

    /// `GET /api/v1/devices`, at most `most` of them.
    pub async fn devices(&self, query: &DeviceQuery, most: usize) -> Answer<Vec<Device>> {
        let query = pairs([
            ("contains", query.contains.clone()),
            ("locked", query.locked.map(|l| l.to_string())),
            ("silent_since", query.silent_since.clone()),
        ]);
        self.list("/api/v1/devices", query, most).await
    }

    /// `GET /api/v1/devices/resolve`: all that fit a name exactly.
    pub async fn resolve(&self, name: &str) -> Answer<Vec<Device>> {
        self.read("/api/v1/devices/resolve", &[("name", name.to_owned())])
            .await
    }

    /// `GET /api/v1/devices/{id}`.
    pub async fn device(&self, id: ShortId) -> Answer<Device> {
        self.read(&format!("/api/v1/devices/{id}"), &[]).await
    }

    /// `POST /api/v1/devices`.
    pub async fn add_device(&self, device: &NewDevice, write: &Write) -> Answer<Device> {
        self.write(Method::POST, "/api/v1/devices", Some(device), write)
            .await
    }

    /// `PATCH /api/v1/devices/{id}`.
    pub async fn edit_device(
        &self,
        id: ShortId,
        edit: &DeviceEdit,
        write: &Write,
    ) -> Answer<Device> {
        let path = format!("/api/v1/devices/{id}");
        self.write(Method::PATCH, &path, Some(edit), write).await
    }

    /// `DELETE /api/v1/devices/{id}`; `forget_pins` for one that is locked.
    pub async fn delete_device(&self, id: ShortId, forget_pins: bool, write: &Write) -> Answer<()> {
        let query = if forget_pins { "?forget_pins=true" } else { "" };
        let path = format!("/api/v1/devices/{id}{query}");
        self.write_raw(Method::DELETE, &path, NOTHING, write)
            .await?;
        Ok(())
    }

    /// `GET /api/v1/devices/{id}/log`.
    pub async fn device_log(&self, id: ShortId, most: usize) -> Answer<Vec<DeviceLogLine>> {
        let path = format!("/api/v1/devices/{id}/log");
        self.list(&path, Vec::new(), most).await
    }

    /// `POST /api/v1/devices/{id}/pin`, of a peer's device when `server` names one. Each reveal is audited, with these
    /// words about it (`reason`, `ticket`).
    pub async fn pins(
        &self,
        id: ShortId,
        server: Option<&str>,
        words: &BTreeMap<&str, String>,
        write: &Write,
    ) -> Answer<Vec<PinView>> {
        let there = server.map_or_else(String::new, |s| format!("?server={}", segment(s)));
        let path = format!("/api/v1/devices/{id}/pin{there}");
        self.write(Method::POST, &path, Some(words), write).await
    }

    /// `GET /api/v1/devices/{id}/backups`.
    pub async fn backups(&self, id: ShortId, most: usize) -> Answer<Vec<BackupView>> {
        let path = format!("/api/v1/devices/{id}/backups");
        self.list(&path, Vec::new(), most).await
    }

    /// `POST /api/v1/invitations`.
    pub async fn invite(&self, request: &InvitationRequest, write: &Write) -> Answer<Invitation> {
        self.write(Method::POST, "/api/v1/invitations", Some(request), write)
            .await
    }

    /// `POST /api/v1/devices/{id}/verify`.
    pub async fn verify_number(
        &self,
        device: ShortId,
        question: &NumberQuestion,
        write: &Write,
    ) -> Answer<Device> {
        let path = format!("/api/v1/devices/{device}/verify");
        self.write(Method::POST, &path, Some(question), write).await
    }

    /// `POST /api/v1/actions`.
    pub async fn act(&self, request: &ActionRequest, write: &Write) -> Answer<ActionView> {
        self.write(Method::POST, "/api/v1/actions", Some(request), write)
            .await
    }

    /// `POST /api/v1/actions/together`: all of them or none.
    pub async fn act_together(
        &self,
        request: &ActionsRequest,
        write: &Write,
    ) -> Answer<Vec<ActionView>> {
        self.write(
            Method::POST,
            "/api/v1/actions/together",
            Some(request),
            write,
        )
        .await
    }

    /// `GET /api/v1/actions`, newest first, at most `most`.
    pub async fn actions(&self, query: &ActionQuery, most: usize) -> Answer<Vec<ActionView>> {
        let query = pairs([
            ("device", query.device.map(|d| d.to_string())),
            ("state", query.state.clone()),
            ("name", query.name.clone()),
        ]);
        self.list("/api/v1/actions", query, most).await
    }

    /// `GET /api/v1/actions/{id}`; of a peer when `server` names one.
    pub async fn action(&self, id: ShortId, server: Option<&str>) -> Answer<ActionView> {
        let query = pairs([("server", server.map(str::to_owned))]);
        self.read(&format!("/api/v1/actions/{id}"), &query).await
    }

    /// `POST /api/v1/actions/{id}/cancel`.
    pub async fn cancel_action(&self, id: ShortId, write: &Write) -> Answer<ActionView> {
        let path = format!("/api/v1/actions/{id}/cancel");
        self.write(Method::POST, &path, NOTHING, write).await
    }

    /// `POST /api/v1/actions/{id}/retry`.
    pub async fn retry_action(
        &self,
        id: ShortId,
        via: Option<Bearer>,
        write: &Write,
    ) -> Answer<ActionView> {
        let path = format!("/api/v1/actions/{id}/retry");
        let body = match via {
            Some(via) => serde_json::json!({ "via": via }),
            None => serde_json::json!({}),
        };
        self.write(Method::POST, &path, Some(&body), write).await
    }

    /// `POST /api/v1/callbacks`.
    pub async fn call(&self, request: &CallbackRequest, write: &Write) -> Answer<CallbackView> {
        self.write(Method::POST, "/api/v1/callbacks", Some(request), write)
            .await
    }

    /// `GET /api/v1/callbacks/{id}`; of a peer when `server` names one.
    pub async fn callback(&self, id: ShortId, server: Option<&str>) -> Answer<CallbackView> {
        let query = pairs([("server", server.map(str::to_owned))]);
        self.read(&format!("/api/v1/callbacks/{id}"), &query).await
    }

    /// `GET /api/v1/callbacks`, newest first, at most `most`.
    pub async fn callbacks(
        &self,
        device: Option<ShortId>,
        most: usize,
    ) -> Answer<Vec<CallbackView>> {
        let query = pairs([("device", device.map(|d| d.to_string()))]);
        self.list("/api/v1/callbacks", query, most).await
    }

    /// `GET /api/v1/callbacks` by the request id of their asker, newest first.
    pub async fn callbacks_of_request(&self, request_id: &str) -> Answer<Vec<CallbackView>> {
        let query = vec![("request_id", request_id.to_owned())];
        self.list("/api/v1/callbacks", query, 100).await
    }

    /// `GET /api/v1/templates`.
    pub async fn templates(&self) -> Answer<Vec<Template>> {
        self.read("/api/v1/templates", &[]).await
    }

    /// `PUT /api/v1/templates/{name}`.
    pub async fn put_template(
        &self,
        name: &str,
        template: &NewTemplate,
        write: &Write,
    ) -> Answer<Template> {
        let path = format!("/api/v1/templates/{}", segment(name));
        self.write(Method::PUT, &path, Some(template), write).await
    }

    /// `DELETE /api/v1/templates/{name}`.
    pub async fn delete_template(&self, name: &str, write: &Write) -> Answer<()> {
        let path = format!("/api/v1/templates/{}", segment(name));
        self.write_raw(Method::DELETE, &path, NOTHING, write)
            .await?;
        Ok(())
    }

    /// `GET /api/v1/backups/{id}`.
    pub async fn backup(&self, id: ShortId) -> Answer<BackupView> {
        self.read(&format!("/api/v1/backups/{id}"), &[]).await
    }

    /// `GET /api/v1/backups/{id}/items/{kind}/{name}`: the octets.
    pub async fn backup_item(&self, id: ShortId, path: &str) -> Answer<Vec<u8>> {
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        let response = self
            .get(&format!("/api/v1/backups/{id}/items/{path}"), &[])
            .await?;
        self.bytes(response).await
    }

    /// `POST /api/v1/find`. Asks, changes nothing: repeated like a read.
    pub async fn find(&self, request: &FindRequest) -> Answer<FindResponse> {
        let write = Write::default();
        self.write(Method::POST, "/api/v1/find", Some(request), &write)
            .await
    }

    /// `POST /api/v1/devices/{id}/event`. Never repeated by itself: phones restart for less.
    pub async fn phone_event(
        &self,
        device: ShortId,
        event: &PhoneEventRequest,
    ) -> Answer<PhoneEventReport> {
        let path = format!("/api/v1/devices/{device}/event");
        self.write(Method::POST, &path, Some(event), &Write::default())
            .await
    }

    /// `POST /api/v1/probe/{device}`.
    pub async fn probe(&self, device: ShortId) -> Answer<ProbeReport> {
        let path = format!("/api/v1/probe/{device}");
        self.write(Method::POST, &path, NOTHING, &Write::default())
            .await
    }

    /// `GET /api/v1/audit`, after entry `after`, at most `most`.
    pub async fn audit(&self, after: u64, most: usize) -> Answer<Vec<AuditEntry>> {
        let query = vec![("after", after.to_string())];
        self.list("/api/v1/audit", query, most).await
    }

    /// `GET /api/v1/audit/verify`.
    pub async fn verify_audit(&self) -> Answer<AuditVerdict> {
        self.read("/api/v1/audit/verify", &[]).await
    }

    /// `POST /api/v1/audit/checkpoint`.
    pub async fn audit_checkpoint(&self) -> Answer<AuditCheckpoint> {
        let path = "/api/v1/audit/checkpoint";
        self.write(Method::POST, path, NOTHING, &Write::default())
            .await
    }

    /// `POST /api/v1/sms/sign`.
    pub async fn sign_sms(
        &self,
        request: &SmsSignRequest,
        write: &Write,
    ) -> Answer<SmsSignResponse> {
        self.write(Method::POST, "/api/v1/sms/sign", Some(request), write)
            .await
    }

    /// `POST /api/v1/sms/verify`.
    pub async fn verify_sms(&self, request: &SmsVerifyRequest) -> Answer<SmsVerifyResponse> {
        let write = Write::default();
        self.write(Method::POST, "/api/v1/sms/verify", Some(request), &write)
            .await
    }

    /// `POST /api/v1/sms/send`.
    pub async fn send_sms(
        &self,
        request: &SmsSendRequest,
        write: &Write,
    ) -> Answer<SmsSendResponse> {
        self.write(Method::POST, "/api/v1/sms/send", Some(request), write)
            .await
    }

    /// `GET /api/v1/sms/gateways`.
    pub async fn sms_gateways(&self) -> Answer<Vec<SmsGatewayView>> {
        self.read("/api/v1/sms/gateways", &[]).await
    }

    /// `POST /api/v1/sms/gateways/{name}/test`: asks a gateway whether it is there.
    pub async fn test_sms_gateway(&self, name: &str) -> Answer<SmsGatewayHealth> {
        let path = format!("/api/v1/sms/gateways/{}/test", segment(name));
        self.write(Method::POST, &path, None::<&()>, &Write::default())
            .await
    }

    /// `GET /api/v1/sms/{id}`: what became of a text message.
    pub async fn sms_status(&self, id: ShortId) -> Answer<SmsStatus> {
        self.read(&format!("/api/v1/sms/{id}"), &[]).await
    }

    /// `GET /api/v1/server`.
    pub async fn server_status(&self) -> Answer<ServerStatus> {
        self.read("/api/v1/server", &[]).await
    }

    /// `POST /api/v1/server/backup`: a consistent copy of the database.
    pub async fn server_backup(&self) -> Answer<Vec<u8>> {
        let path = "/api/v1/server/backup";
        let response = self
            .write_raw(Method::POST, path, NOTHING, &Write::default())
            .await?;
        self.bytes(response).await
    }
}
