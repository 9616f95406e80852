use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

/// The contract as it is served. It is made from the types and the handlers, by a test that also holds it to them: the
/// program has the text, not the code that makes it.
const DOCUMENT: &str = include_str!("openapi.json");

/// This contract as OpenAPI 3.1.
#[cfg_attr(test, utoipa::path(get, path = "/openapi.json", responses((status = 200, body = serde_json::Value)), tag = "health"))]
pub(super) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use utoipa::OpenApi;

    use crate::host::assert_generated;
    use crate::server::agent;

    use super::super::{
        actions, audit, auth, backups, callbacks, customers, devices, events, finding, health,
        invitations, operators, phone_event, resolve, server, sms, templates, tokens,
    };
    use super::DOCUMENT;

    #[derive(OpenApi)]
    #[openapi(
        info(
            title = "callhome management endpoint",
            description = "Operators use /api/v1 with a bearer token or over the local socket; devices use /agent/v1 and sign every request but the first (RFC 9421). Errors are problem documents (RFC 9457)."
        ),
        paths(
            auth::login,
            auth::logout,
            auth::change_password,
            auth::whoami,
            tokens::list,
            tokens::create,
            tokens::revoke,
            operators::list,
            operators::put,
            operators::remove,
            devices::list,
            devices::create,
            resolve::resolve,
            devices::show,
            devices::edit,
            devices::remove,
            devices::log,
            devices::pin,
            phone_event::tell,
            devices::verify,
            backups::of_device,
            invitations::create,
            actions::list,
            actions::create,
            actions::create_together,
            actions::show,
            actions::cancel,
            actions::retry,
            callbacks::list,
            callbacks::create,
            callbacks::show,
            callbacks::called_back,
            events::watch,
            backups::show,
            backups::item,
            finding::find,
            finding::probe,
            audit::list,
            audit::verify,
            audit::checkpoint,
            sms::sign,
            sms::verify,
            sms::send,
            sms::gateways,
            sms::test_gateway,
            sms::status,
            templates::list,
            templates::put,
            templates::remove,
            customers::list,
            customers::evaluate,
            customers::convert,
            server::status,
            server::backup,
            health::alive,
            health::ready,
            health::metrics,
            super::document,
            agent::enrol::enrol,
            agent::registration::register,
            agent::session::open,
            agent::session::action,
            agent::results::take,
            agent::backups::put,
            agent::backups::show,
            agent::backups::get,
            agent::report::report,
            agent::numbers::confirm,
            crate::server::customers::directions,
        )
    )]
    struct Contract;

    #[test]
    fn the_document_is_what_types_and_handlers_say() {
        let made = serde_json::to_value(Contract::openapi()).expect("serialises");
        assert_generated("src/server/routes/openapi.json", DOCUMENT, &made);
    }

    #[test]
    fn every_reference_in_the_document_leads_somewhere() {
        let value: Value = serde_json::from_str(DOCUMENT).expect("JSON");
        for reference in value.to_string().split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().expect("a quote");
            assert!(value.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
