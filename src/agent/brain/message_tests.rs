use super::Effect;
use super::tests::{T0, brain, signed};

#[test]
fn a_reply_goes_to_who_signed_and_not_to_who_sent_last() {
    let mut brain = brain();
    brain.persona.has_data = false;
    let replies = |effects: &[Effect]| -> Vec<String> {
        let to = effects.iter().filter_map(|e| match e {
            Effect::SendSms { to, .. } => Some(to.clone()),
            _ => None,
        });
        to.collect()
    };
    let asked = signed(1, "lck() num(0011223344556677)");
    assert_eq!(replies(&brain.receive_sms("+1999", &asked, T0)), ["+1999"]);
    // Somebody else sends rubbish, and then what the server sent before.
    brain.receive_sms("+1666", "KME 2.00 00000002 lck() 0000", T0);
    assert_eq!(replies(&brain.receive_sms("+1666", &asked, T0)), ["+1999"]);
    // The server has another number now.
    let asked = signed(2, "lck() num(1011223344556677)");
    assert_eq!(replies(&brain.receive_sms("+1998", &asked, T0)), ["+1998"]);
}
