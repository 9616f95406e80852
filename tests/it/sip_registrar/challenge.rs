//! Who sends? Challenges of both ends (requirement B7, RFC 8760).

use callhome::sip::SipUri;

use super::{IMEI, SipDevice, code};
use crate::support::server::TestServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registrar_asks_for_sha_256_first_and_takes_md5_too() {
    let server = TestServer::start().await;
    let phone = SipDevice::enrol(&server, IMEI).await;
    let mut unsigned = phone.register(&server, 600);
    unsigned.credentials = None;
    let refused = phone.send(unsigned).await;
    assert_eq!(code(&refused), Some(401));
    let answer = refused.answer.expect("an answer");
    let asked: Vec<_> = answer.header("WWW-Authenticate").collect();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].contains("algorithm=SHA-256"), "{asked:?}");
    assert!(asked[1].contains("algorithm=MD5"), "{asked:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sipsak_which_knows_md5_only_registers_all_the_same() {
    if !crate::sip_peers::installed(&["sipsak"]) {
        return;
    }
    let server = TestServer::start().await;
    let phone = SipDevice::enrol(&server, IMEI).await;
    let (user, password) = (phone.user(), phone.test.secret.sip_password());
    let to = server.sip();
    let ran = tokio::task::spawn_blocking(move || {
        std::process::Command::new("sipsak")
            .args([
                "-U",
                "-C",
                &SipUri::at(&user, phone.link.local_addr()).to_string(),
            ])
            .args(["-x", "600", "-s", &format!("sip:{user}@{to}")])
            .args(["-u", &user, "-a", &password, "-vv"])
            .output()
            .map(|ran| (ran, phone))
    });
    let (ran, phone) = ran.await.expect("no panic").expect("sipsak runs");
    let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    assert!(ran.status.success(), "{told}");
    let device = super::device(&server, &phone.test).await;
    assert_eq!(device.bindings.len(), 1, "{told}");
    server.stop().await;
}
