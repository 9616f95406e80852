use crate::cli::context::Context;
use crate::cli::error::{Exit, Outcome};
use crate::cli::output::{Column, View};

/// Lists.
pub(super) async fn run(context: &Context) -> Outcome {
    let gateways = context.client().await?.sms_gateways().await?;
    let view = View::many("sms-gateway", &gateways)
        .named_by("/name")
        .columns(vec![
            Column::at("name", "/name"),
            Column::at("how", "/description"),
            Column::of("numbers", |row| {
                let prefixes = row["prefixes"].as_array().cloned().unwrap_or_default();
                let words: Vec<&str> = prefixes.iter().filter_map(|p| p.as_str()).collect();
                if words.is_empty() {
                    "all".to_owned()
                } else {
                    words.join(" ")
                }
            }),
        ])
        .when_empty("No text message gateway yet. They are set under server.gateways in the server's\nconfiguration. By example:  callhome config template");
    context.show(&view)?;
    Ok(Exit::Done)
}
