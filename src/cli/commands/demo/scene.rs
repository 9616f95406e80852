use serde_json::Value;

use super::Fault;
use super::stage::{Ran, Stage, free_port};

/// A phone of the demo.
pub(super) struct Phone {
    pub(super) name: &'static str,
    pub(super) imei: &'static str,
    pub(super) number: &'static str,
}

/// The desk phone: SIP straight to its address.
pub(super) const DESK: Phone = Phone {
    name: "desk",
    imei: "490154203237518",
    number: "+46701740601",
};
/// A phone that is bootstrapped by INVITE.
pub(super) const MOBILE: Phone = Phone {
    name: "mobile",
    imei: "352099001761481",
    number: "+46701740602",
};
/// A set-top box behind the home router.
pub(super) const INDIRECT: Phone = Phone {
    name: "settop",
    imei: "358931104120070",
    number: "+46701740603",
};
/// A phone without data.
pub(super) const TEXT_ONLY: Phone = Phone {
    name: "textonly",
    imei: "493005100592800",
    number: "+46701740604",
};
/// A tablet without a number that was switched off.
pub(super) const OFFLINE: Phone = Phone {
    name: "offline",
    imei: "353918057200038",
    number: "",
};
/// A phone on the second server.
pub(super) const ABROAD: Phone = Phone {
    name: "abroad",
    imei: "356938035643809",
    number: "+14085550137",
};

/// Names of the two servers.
pub(super) const HERE: &str = "eu-north";
pub(super) const THERE: &str = "us-west";

/// Password of the carrier's gateway account.
const GATEWAY_PASSWORD: &str = "demo-gateway-password";
/// Secret in the address at which the carrier hands in messages from phones.
const GATEWAY_SECRET: &str = "demo-gateway-secret-0123456789";

/// The set scene: everything runs, every phone is enrolled.
pub(super) struct Scene {
    stage: Stage,
    gateway: String,
}

/// What the carrier says when it is ready.
struct Carrier {
    /// Address for gateways, as in `http://127.0.0.1:4242/cgi-bin/sendsms`.
    http: String,
    /// Address for phones.
    line: String,
}

/// A server before it runs.
struct Prepared {
    name: &'static str,
    https: u16,
    sip: u16,
    key: String,
    ca_file: String,
}

impl Scene {
    /// Starts servers, carrier, router and phones.
    pub(super) async fn set(mut stage: Stage) -> Result<Self, Fault> {
        let here = prepare(&stage, HERE).await?;
        let there = prepare(&stage, THERE).await?;
        let carrier = start_carrier(&mut stage, &here)?;
        start_server(&mut stage, &here, &there, Some(&carrier))?;
        start_server(&mut stage, &there, &here, None)?;
        let router = start_router(&mut stage, &here)?;
        start_phones(&mut stage, &carrier, &router)?;
        let gateway = carrier.http.replacen("http://", "kannel+http://demo@", 1);
        Ok(Self { stage, gateway })
    }

    pub(super) fn stage(&self) -> &Stage {
        &self.stage
    }

    pub(super) fn folder(&self) -> String {
        self.stage.folder().display().to_string()
    }

    pub(super) fn stays(&self) -> bool {
        self.stage.is_kept()
    }

    /// Runs a command at a server as its local administrator.
    pub(super) async fn at(&self, server: &str, args: &[&str]) -> Result<Ran, Fault> {
        let mut all = vec!["--data-dir", server];
        all.extend_from_slice(args);
        self.stage.run(&all).await
    }

    /// The same, wanting exit 0 and a document; gives also the command as typed.
    pub(super) async fn ask(&self, server: &str, args: &[&str]) -> Result<(Value, String), Fault> {
        let mut all = args.to_vec();
        all.extend_from_slice(&["-o", "json"]);
        let ran = self.at(server, &all).await?.expect(0)?;
        Ok((ran.json()?, ran.typed))
    }

    /// Sends a text to a phone past the server, as anybody with a telephone could.
    pub(super) async fn text(
        &self,
        phone: &Phone,
        text: &str,
        flags: &[&str],
    ) -> Result<Ran, Fault> {
        let mut args = vec![
            "sms",
            "send",
            "--to",
            phone.number,
            "--gateway-url",
            &self.gateway,
        ];
        args.extend_from_slice(&["--password-file", "gateway.password"]);
        args.extend_from_slice(flags);
        self.stage.run_with(&args, Some(text)).await?.expect(0)
    }

    /// Commands that a person can try while everything runs.
    pub(super) fn to_try(&self) -> String {
        let folder = self.folder();
        let mut page =
            format!("Everything runs until Ctrl-C. In another terminal:\n  cd {folder}\n");
        for line in [
            "device list",
            "call desk -v",
            "probe offline",
            "device locate mobile --wait",
            "find 356938035643809",
            "device pin textonly",
            "audit list",
        ] {
            page.push_str(&format!("  callhome --data-dir {HERE} {line}\n"));
        }
        page
    }
}

/// Makes a server's keys and chooses its ports, so that its peer can be told of both.
async fn prepare(stage: &Stage, name: &'static str) -> Result<Prepared, Fault> {
    let status = stage
        .run(&["--data-dir", name, "server", "status", "-o", "json"])
        .await?
        .expect(0)?
        .json()?;
    let text = |field: &str| {
        status
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let ca_file = format!("{name}-ca.pem");
    stage.write(&ca_file, &text("ca_pem"))?;
    Ok(Prepared {
        name,
        https: free_port()?,
        sip: free_port()?,
        key: text("key"),
        ca_file,
    })
}

fn start_carrier(stage: &mut Stage, server: &Prepared) -> Result<Carrier, Fault> {
    stage.write("gateway.password", GATEWAY_PASSWORD)?;
    stage.write("gateway.secret", GATEWAY_SECRET)?;
    let inbound = format!(
        "https://127.0.0.1:{}/gateway/v1/carrier/{GATEWAY_SECRET}/mo\n",
        server.https
    );
    stage.write("carrier.inbound", &inbound)?;
    let args = [
        "agent",
        "carrier",
        "--http",
        "127.0.0.1:0",
        "--line",
        "127.0.0.1:0",
        "--user",
        "demo",
        "--password-file",
        "gateway.password",
        "--mo-url-file",
        "carrier.inbound",
        "--ca-file",
        &server.ca_file,
    ];
    let ready = stage.start("carrier", &args, &[])?;
    let word = |before: &str, after: char| {
        let found = ready
            .split_once(before)
            .and_then(|(_, rest)| rest.split(after).next());
        found
            .map(|w| w.trim().to_owned())
            .ok_or_else(|| Fault::new(format!("the carrier said: {ready}")))
    };
    Ok(Carrier {
        http: word("gateways at ", ',')?,
        line: word("phones at ", ' ')?,
    })
}

fn start_server(
    stage: &mut Stage,
    own: &Prepared,
    peer: &Prepared,
    carrier: Option<&Carrier>,
) -> Result<(), Fault> {
    let folder = stage.folder().display().to_string();
    let mut config = format!(
        "server:\n  name: {}\n  listen_https: 127.0.0.1:{}\n  listen_sip: 127.0.0.1:{}\n  public_url: https://127.0.0.1:{}\n",
        own.name, own.https, own.sip, own.https
    );
    config.push_str(&format!(
        "  peers:\n    - name: {}\n      url: https://127.0.0.1:{}\n      ca_file: {folder}/{}\n      key: {}\n",
        peer.name, peer.https, peer.ca_file, peer.key
    ));
    if let Some(carrier) = carrier {
        config.push_str(&format!(
            "  gateways:\n    - name: carrier\n      kind: kannel\n      url: {}\n      username: demo\n      \
             password_file: {folder}/gateway.password\n      callback_secret_file: {folder}/gateway.secret\n",
            carrier.http
        ));
    }
    let settings = format!("{}-settings", own.name);
    stage.write(&format!("{settings}/callhome/config.yaml"), &config)?;
    stage.start(
        own.name,
        &["--data-dir", own.name, "serve"],
        &[("XDG_CONFIG_HOME", &format!("{folder}/{settings}"))],
    )?;
    Ok(())
}

fn start_router(stage: &mut Stage, server: &Prepared) -> Result<String, Fault> {
    let registrar = format!("sip:127.0.0.1:{}", server.sip);
    let args = [
        "--data-dir",
        HERE,
        "agent",
        "proxy",
        "--registrar",
        &registrar,
        "--sip-listen",
        "127.0.0.1:0",
    ];
    let ready = stage.start("router", &args, &[])?;
    let address = ready.split_whitespace().find(|w| w.starts_with("sip:"));
    address
        .map(|a| a.trim_end_matches([',', ')']).to_owned())
        .ok_or_else(|| Fault::new(format!("the router said: {ready}")))
}

fn start_phones(stage: &mut Stage, carrier: &Carrier, router: &str) -> Result<(), Fault> {
    let line = carrier.line.as_str();
    let cast: [(&str, &Phone, &[&str]); 6] = [
        (HERE, &DESK, &[]),
        (HERE, &MOBILE, &["--carrier", line]),
        (HERE, &INDIRECT, &["--sip-proxy", router]),
        (HERE, &TEXT_ONLY, &["--no-data", "--carrier", line]),
        (HERE, &OFFLINE, &[]),
        (THERE, &ABROAD, &[]),
    ];
    for (server, phone, flags) in cast {
        let mut args = vec![
            "--data-dir",
            server,
            "agent",
            "run",
            "--name",
            phone.name,
            "--imei",
            phone.imei,
        ];
        if !phone.number.is_empty() {
            args.extend_from_slice(&["--number", phone.number]);
        }
        args.extend_from_slice(flags);
        stage.start(phone.name, &args, &[])?;
    }
    stage.kill(OFFLINE.name)
}
