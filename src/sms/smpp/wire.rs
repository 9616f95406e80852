use std::fmt;

use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use rusmpp::pdus::{
    BindReceiver, BindReceiverResp, BindTransceiver, BindTransceiverResp, BindTransmitter,
    BindTransmitterResp, DeliverSm, DeliverSmResp, SubmitSm, SubmitSmResp,
};
use rusmpp::tlvs::{
    MessageDeliveryRequestTlvValue, MessageSubmissionRequestTlvValue, Tlv, TlvValue,
};
use rusmpp::types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{
    DataCoding, EsmClass, InterfaceVersion, MessagePayload, MessageState as WireState, Npi,
    PriorityFlag, RegisteredDelivery, ReplaceIfPresentFlag, ServiceType, Ton,
};
use rusmpp::{Command, CommandId, CommandStatus, Pdu as Wire};

use super::address::Address;
use super::status::Status;

/// The longest PDU that is taken: a `message_payload` of 64 KiB with its fields.
pub const MAX_PDU: usize = 68 * 1024;

/// Length, id, status and sequence number.
const HEADER: usize = 16;

/// In which direction a session carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bind {
    /// To the centre.
    Transmitter,
    /// From the centre.
    Receiver,
    /// Both.
    Transceiver,
}

/// A PDU without its header.
#[derive(Clone, PartialEq, Eq)]
pub enum Pdu {
    /// A wish to open a session.
    Bind {
        /// Its direction.
        bind: Bind,
        /// Who.
        system_id: String,
        /// The password.
        password: String,
        /// Kind of account, as the centre wants it.
        system_type: String,
        /// Numbers whose messages are wanted.
        address_range: String,
    },
    /// The answer to it.
    BindResp {
        /// Its direction.
        bind: Bind,
        /// The centre's name.
        system_id: String,
    },
    /// A message to a phone.
    Submit(Box<ShortMessage>),
    /// The answer to it, with the centre's id of the message.
    SubmitResp {
        /// The id; empty when it was refused.
        id: String,
    },
    /// A message from a phone, or a receipt.
    Deliver(Box<ShortMessage>),
    /// The answer to it.
    DeliverResp,
    /// Are you there?
    EnquireLink,
    /// Yes.
    EnquireLinkResp,
    /// The end of the session.
    Unbind,
    /// The answer to it.
    UnbindResp,
    /// The other side did not understand.
    GenericNack,
    /// Any other, by its id.
    Other(u32),
}

/// The content of `submit_sm` and `deliver_sm` (SMPP 3.4 §4.4.1 and §4.6.1).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ShortMessage {
    /// Service; empty for the usual one.
    pub service_type: String,
    /// From.
    pub source: Address,
    /// To.
    pub destination: Address,
    /// Mode, type and features.
    pub esm_class: u8,
    /// Protocol id.
    pub protocol_id: u8,
    /// Priority, 0 to 3.
    pub priority: u8,
    /// When it is to be delivered; empty for at once.
    pub schedule: String,
    /// How long it is kept; empty for as long as the centre likes.
    pub validity: String,
    /// Which receipts are wanted.
    pub registered_delivery: u8,
    /// Whether it replaces an earlier one.
    pub replace: u8,
    /// How the octets are to be read.
    pub data_coding: u8,
    /// A text that is stored at the centre.
    pub canned: u8,
    /// The octets, from `short_message` or the `message_payload` parameter.
    pub octets: Vec<u8>,
    /// Parameter 0x001E: the message that a receipt is about.
    pub receipted_id: Option<String>,
    /// Parameter 0x0427: what became of it.
    pub state: Option<u8>,
    /// Parameters 0x020C, 0x020E and 0x020F: reference, how many parts, and which one this is.
    pub sar: Option<(u16, u8, u8)>,
}

/// Why octets are no PDU, or a PDU cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPdu {
    /// The length is below 16 or above what is taken.
    #[error("a PDU says that it has {0} octets")]
    Length(u32),
    /// The fields do not add up.
    #[error("the fields of command 0x{0:08x} do not add up")]
    Fields(u32),
    /// A field is too long or holds what it may not.
    #[error("{0} is too long or holds a character that it may not")]
    Text(&'static str),
}

/// A PDU with its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Command id.
    pub command: u32,
    /// Status.
    pub status: Status,
    /// Sequence number.
    pub sequence: u32,
    /// The PDU; the error when its fields do not add up.
    pub pdu: Result<Pdu, InvalidPdu>,
}

impl Frame {
    /// Writes a PDU.
    ///
    /// # Errors
    /// [`InvalidPdu::Text`] when a field does not fit.
    pub fn write(sequence: u32, status: Status, pdu: &Pdu) -> Result<Vec<u8>, InvalidPdu> {
        let command = Command::new(CommandStatus::from(status.0), sequence, wire(pdu)?);
        let length = command.length() + 4;
        let mut octets = vec![0; length];
        // Bounded by the fields, whose longest is 64 KiB.
        let announced = u32::try_from(length).map_err(|_| InvalidPdu::Length(u32::MAX))?;
        octets[..4].copy_from_slice(&announced.to_be_bytes());
        command.encode(&mut octets[4..]);
        Ok(octets)
    }

    /// A refusal without content: the header alone.
    #[must_use]
    pub fn refusal(command: u32, sequence: u32, status: Status) -> Vec<u8> {
        [16, command, status.0, sequence]
            .into_iter()
            .flat_map(u32::to_be_bytes)
            .collect()
    }

    /// How long the PDU at the beginning of `octets` is; `None` while that is not known.
    ///
    /// # Errors
    /// [`InvalidPdu::Length`] when no PDU can have that length: nothing that follows makes sense.
    pub fn length(octets: &[u8]) -> Result<Option<usize>, InvalidPdu> {
        let Some(length) = octets.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        match usize::try_from(length) {
            Ok(size @ HEADER..=MAX_PDU) => Ok(Some(size)),
            _ => Err(InvalidPdu::Length(length)),
        }
    }

    /// Reads one whole PDU. One whose fields do not add up still has its header.
    ///
    /// # Errors
    /// [`InvalidPdu::Length`] when the length is not that of the octets.
    pub fn read(octets: &[u8]) -> Result<Self, InvalidPdu> {
        let words = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&octets[at..at + 4]);
            u32::from_be_bytes(word)
        };
        match Self::length(octets)? {
            Some(length) if length == octets.len() => {}
            _ => return Err(InvalidPdu::Length(u32::try_from(octets.len()).unwrap_or(0))),
        }
        let (command, status, sequence) = (words(4), Status(words(8)), words(12));
        Ok(Self {
            command,
            status,
            sequence,
            pdu: body(command, octets),
        })
    }
}

impl ShortMessage {
    /// Whether the octets begin with a user data header.
    #[must_use]
    pub const fn has_header(&self) -> bool {
        self.esm_class & 0x40 != 0
    }

    /// Whether it is a receipt or an intermediate notification (SMPP 3.4 §5.2.12).
    #[must_use]
    pub const fn is_receipt(&self) -> bool {
        matches!(self.esm_class & 0x3c, 0x04 | 0x20)
    }
}

/// The content: no number, no text, no password.
impl fmt::Debug for Pdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { bind, .. } => write!(f, "Bind({bind:?})"),
            Self::BindResp { bind, .. } => write!(f, "BindResp({bind:?})"),
            Self::Submit(message) => write!(f, "Submit({message:?})"),
            Self::SubmitResp { id } => write!(f, "SubmitResp({id})"),
            Self::Deliver(message) => write!(f, "Deliver({message:?})"),
            Self::DeliverResp => f.write_str("DeliverResp"),
            Self::EnquireLink => f.write_str("EnquireLink"),
            Self::EnquireLinkResp => f.write_str("EnquireLinkResp"),
            Self::Unbind => f.write_str("Unbind"),
            Self::UnbindResp => f.write_str("UnbindResp"),
            Self::GenericNack => f.write_str("GenericNack"),
            Self::Other(id) => write!(f, "Other(0x{id:08x})"),
        }
    }
}

impl fmt::Debug for ShortMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ShortMessage(esm 0x{:02x}, coding 0x{:02x}, {} octets)",
            self.esm_class,
            self.data_coding,
            self.octets.len()
        )
    }
}

fn text<const MIN: usize, const MAX: usize>(
    name: &'static str,
    text: &str,
) -> Result<COctetString<MIN, MAX>, InvalidPdu> {
    COctetString::from_string(text.to_owned()).map_err(|_| InvalidPdu::Text(name))
}

fn time(name: &'static str, text: &str) -> Result<EmptyOrFullCOctetString<17>, InvalidPdu> {
    EmptyOrFullCOctetString::from_string(text.to_owned()).map_err(|_| InvalidPdu::Text(name))
}

fn wire(pdu: &Pdu) -> Result<Wire, InvalidPdu> {
    Ok(match pdu {
        Pdu::Bind {
            bind,
            system_id,
            password,
            system_type,
            address_range,
        } => {
            // The crate's own default version is 5.0 (0x50); this is a session of version 3.4.
            macro_rules! bind_with {
                ($kind:ident) => {
                    $kind::new(
                        text("the system id", system_id)?,
                        text("the password", password)?,
                        text("the system type", system_type)?,
                        InterfaceVersion::Smpp3_4,
                        Ton::Unknown,
                        Npi::Unknown,
                        text("the address range", address_range)?,
                    )
                    .into()
                };
            }
            match bind {
                Bind::Transmitter => bind_with!(BindTransmitter),
                Bind::Receiver => bind_with!(BindReceiver),
                Bind::Transceiver => bind_with!(BindTransceiver),
            }
        }
        Pdu::BindResp { bind, system_id } => {
            let (name, version) = (
                text("the system id", system_id)?,
                Some(InterfaceVersion::Smpp3_4),
            );
            match bind {
                Bind::Transmitter => BindTransmitterResp::new(name, version).into(),
                Bind::Receiver => BindReceiverResp::new(name, version).into(),
                Bind::Transceiver => BindTransceiverResp::new(name, version).into(),
            }
        }
        Pdu::Submit(message) => submit(message)?.into(),
        Pdu::SubmitResp { id } => SubmitSmResp::new(text("the id", id)?, Vec::new()).into(),
        Pdu::Deliver(message) => deliver(message)?.into(),
        Pdu::DeliverResp => DeliverSmResp::new(COctetString::empty(), Vec::new()).into(),
        Pdu::EnquireLink => Wire::EnquireLink,
        Pdu::EnquireLinkResp => Wire::EnquireLinkResp,
        Pdu::Unbind => Wire::Unbind,
        Pdu::UnbindResp => Wire::UnbindResp,
        Pdu::GenericNack => Wire::GenericNack,
        Pdu::Other(id) => Wire::Other {
            command_id: CommandId::from(*id),
            body: AnyOctetString::empty(),
        },
    })
}

fn short(message: &ShortMessage) -> Result<OctetString<0, 255>, InvalidPdu> {
    let octets = &message.octets;
    OctetString::from_slice(if octets.len() > LONGEST_SHORT {
        &[]
    } else {
        octets
    })
    .map_err(|_| InvalidPdu::Text("the message"))
}

/// `submit_sm` and `deliver_sm` have the same fields and different types. Every field comes from its own octet: the
/// crate's defaults are not zero (`esm_class` 0x08).
macro_rules! short_message {
    ($kind:ident, $message:expr, $tlvs:expr) => {
        $kind::new(
            ServiceType::new(text("the service type", &$message.service_type)?),
            Ton::from($message.source.ton),
            Npi::from($message.source.npi),
            text("the sender", &$message.source.text)?,
            Ton::from($message.destination.ton),
            Npi::from($message.destination.npi),
            text("the receiver", &$message.destination.text)?,
            EsmClass::from($message.esm_class),
            $message.protocol_id,
            PriorityFlag::from($message.priority),
            time("the delivery time", &$message.schedule)?,
            time("the validity", &$message.validity)?,
            RegisteredDelivery::from($message.registered_delivery),
            ReplaceIfPresentFlag::from($message.replace),
            DataCoding::from($message.data_coding),
            $message.canned,
            short($message)?,
            $tlvs,
        )
    };
}

fn submit(message: &ShortMessage) -> Result<SubmitSm, InvalidPdu> {
    use MessageSubmissionRequestTlvValue as Parameter;
    let mut tlvs = Vec::new();
    tlvs.extend(payload(message).map(Parameter::MessagePayload));
    if let Some((reference, total, number)) = message.sar {
        tlvs.push(Parameter::SarMsgRefNum(reference));
        tlvs.push(Parameter::SarTotalSegments(total));
        tlvs.push(Parameter::SarSegmentSeqnum(number));
    }
    Ok(short_message!(SubmitSm, message, tlvs))
}

fn deliver(message: &ShortMessage) -> Result<DeliverSm, InvalidPdu> {
    use MessageDeliveryRequestTlvValue as Parameter;
    let mut tlvs = Vec::new();
    tlvs.extend(payload(message).map(Parameter::MessagePayload));
    if let Some((reference, total, number)) = message.sar {
        tlvs.push(Parameter::SarMsgRefNum(reference));
        tlvs.push(Parameter::SarTotalSegments(total));
        tlvs.push(Parameter::SarSegmentSeqnum(number));
    }
    if let Some(id) = &message.receipted_id {
        tlvs.push(Parameter::ReceiptedMessageId(text("the id", id)?));
    }
    if let Some(state) = message.state {
        tlvs.push(Parameter::MessageState(WireState::from(state)));
    }
    Ok(short_message!(DeliverSm, message, tlvs))
}

/// Octets beyond 254 travel in a parameter of their own (§5.3.2.32).
const LONGEST_SHORT: usize = 254;

fn payload(message: &ShortMessage) -> Option<MessagePayload> {
    let octets = &message.octets;
    (octets.len() > LONGEST_SHORT).then(|| MessagePayload::new(AnyOctetString::from_slice(octets)))
}

/// Reads the fields behind the header.
fn body(id: u32, octets: &[u8]) -> Result<Pdu, InvalidPdu> {
    let wrong = |_| InvalidPdu::Fields(id);
    let rest = &octets[4..];
    let (command, _) =
        <Command as DecodeWithLength>::decode(&mut rest.into(), rest.len()).map_err(wrong)?;
    let Some(pdu) = command.pdu() else {
        // A refusal carries no fields (§4.4.2).
        return Ok(match id {
            0x8000_0001 => bind_resp(Bind::Receiver, ""),
            0x8000_0002 => bind_resp(Bind::Transmitter, ""),
            0x8000_0009 => bind_resp(Bind::Transceiver, ""),
            0x8000_0004 => Pdu::SubmitResp { id: String::new() },
            0x8000_0005 => Pdu::DeliverResp,
            0x0000_0001..=0x0000_0005 | 0x0000_0009 => return Err(InvalidPdu::Fields(id)),
            other => without_fields(other),
        });
    };
    macro_rules! bound {
        ($bind:expr, $pdu:expr) => {
            Pdu::Bind {
                bind: $bind,
                system_id: $pdu.system_id.as_str().to_owned(),
                password: $pdu.password.as_str().to_owned(),
                system_type: $pdu.system_type.as_str().to_owned(),
                address_range: $pdu.address_range.as_str().to_owned(),
            }
        };
    }
    macro_rules! message {
        ($pdu:expr) => {{
            let mut message = ShortMessage {
                service_type: $pdu.service_type.value().as_str().to_owned(),
                source: Address {
                    ton: $pdu.source_addr_ton.into(),
                    npi: $pdu.source_addr_npi.into(),
                    text: $pdu.source_addr.as_str().to_owned(),
                },
                destination: Address {
                    ton: $pdu.dest_addr_ton.into(),
                    npi: $pdu.dest_addr_npi.into(),
                    text: $pdu.destination_addr.as_str().to_owned(),
                },
                esm_class: $pdu.esm_class.into(),
                protocol_id: $pdu.protocol_id,
                priority: $pdu.priority_flag.into(),
                schedule: $pdu.schedule_delivery_time.as_str().to_owned(),
                validity: $pdu.validity_period.as_str().to_owned(),
                registered_delivery: $pdu.registered_delivery.into(),
                replace: $pdu.replace_if_present_flag.into(),
                data_coding: $pdu.data_coding.into(),
                canned: $pdu.sm_default_msg_id,
                octets: $pdu.short_message().as_ref().to_vec(),
                ..ShortMessage::default()
            };
            parameters(&mut message, $pdu.tlvs());
            Box::new(message)
        }};
    }
    Ok(match pdu {
        Wire::BindTransmitter(pdu) => bound!(Bind::Transmitter, pdu),
        Wire::BindReceiver(pdu) => bound!(Bind::Receiver, pdu),
        Wire::BindTransceiver(pdu) => bound!(Bind::Transceiver, pdu),
        Wire::BindTransmitterResp(pdu) => bind_resp(Bind::Transmitter, pdu.system_id.as_str()),
        Wire::BindReceiverResp(pdu) => bind_resp(Bind::Receiver, pdu.system_id.as_str()),
        Wire::BindTransceiverResp(pdu) => bind_resp(Bind::Transceiver, pdu.system_id.as_str()),
        Wire::SubmitSm(pdu) => {
            let mut message = message!(pdu);
            // Only deliver_sm has these (§4.4.1, §4.6.1).
            (message.receipted_id, message.state) = (None, None);
            Pdu::Submit(message)
        }
        Wire::DeliverSm(pdu) => Pdu::Deliver(message!(pdu)),
        Wire::SubmitSmResp(pdu) => Pdu::SubmitResp {
            id: pdu.message_id().as_str().to_owned(),
        },
        Wire::DeliverSmResp(_) => Pdu::DeliverResp,
        Wire::EnquireLink => Pdu::EnquireLink,
        Wire::EnquireLinkResp => Pdu::EnquireLinkResp,
        Wire::Unbind => Pdu::Unbind,
        Wire::UnbindResp => Pdu::UnbindResp,
        Wire::GenericNack => Pdu::GenericNack,
        _ => without_fields(id),
    })
}

/// A PDU that has a header only; centres that append octets mean the same by it.
const fn without_fields(id: u32) -> Pdu {
    match id {
        0x8000_0000 => Pdu::GenericNack,
        0x0000_0006 => Pdu::Unbind,
        0x8000_0006 => Pdu::UnbindResp,
        0x0000_0015 => Pdu::EnquireLink,
        0x8000_0015 => Pdu::EnquireLinkResp,
        other => Pdu::Other(other),
    }
}

fn bind_resp(bind: Bind, system_id: &str) -> Pdu {
    Pdu::BindResp {
        bind,
        system_id: system_id.to_owned(),
    }
}

fn parameters(message: &mut ShortMessage, tlvs: &[Tlv]) {
    let (mut reference, mut total, mut number) = (None, None, None);
    for tlv in tlvs {
        match tlv.value() {
            Some(TlvValue::MessagePayload(payload)) => {
                message.octets = payload.value.as_ref().to_vec();
            }
            Some(TlvValue::ReceiptedMessageId(id)) => {
                message.receipted_id = Some(id.as_str().to_owned());
            }
            Some(TlvValue::MessageState(state)) => message.state = Some((*state).into()),
            Some(TlvValue::SarMsgRefNum(value)) => reference = Some(*value),
            Some(TlvValue::SarTotalSegments(value)) => total = Some(*value),
            Some(TlvValue::SarSegmentSeqnum(value)) => number = Some(*value),
            _ => {}
        }
    }
    message.sar = match (reference, total, number) {
        (Some(reference), Some(total), Some(number)) => Some((reference, total, number)),
        _ => None,
    };
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
