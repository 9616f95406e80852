/// What each header is for: those of the IANA registry "Header Fields", and a few that phones send.
const PURPOSES: &[(&str, &str)] = &[
    ("Accept", "bodies and event packages that it takes"),
    ("Accept-Contact", "which devices of the user are meant"),
    ("Accept-Encoding", "compressions of bodies that it takes"),
    ("Accept-Language", "languages for texts to people"),
    ("Accept-Resource-Priority", "priorities that it takes"),
    ("Alert-Info", "how the phone is to ring"),
    ("Allow", "methods that it takes"),
    ("Allow-Events", "event packages that it takes"),
    ("Answer-Mode", "whether the device may answer by itself"),
    (
        "Authentication-Info",
        "next nonce, and the server's own proof",
    ),
    ("Authorization", "answer to a server's challenge"),
    ("Call-ID", "ties together what belongs together"),
    ("Call-Info", "more about the caller or the called"),
    ("Contact", "where to reach the sender directly"),
    ("Content-Disposition", "what the body is meant for"),
    ("Content-Encoding", "how the body is compressed"),
    ("Content-Language", "language of the body"),
    ("Content-Length", "length of the body"),
    (
        "Content-Transfer-Encoding",
        "how the body is written; only of parts of it, in SIP",
    ),
    ("Content-Type", "kind of the body"),
    ("CSeq", "number and method of the request"),
    ("Date", "the sender's clock"),
    ("Diversion", "who was called before it was diverted"),
    ("Error-Info", "more about the error"),
    ("Event", "what the notification is about"),
    ("Expires", "seconds that it holds"),
    ("Feature-Caps", "what proxies on the way can do"),
    (
        "Flow-Timer",
        "seconds after which a silent connection is taken for dead",
    ),
    ("From", "who asks"),
    ("Geolocation", "where the sender is"),
    ("History-Info", "whom the request was meant for before"),
    ("Identity", "signature of the sender's domain"),
    ("Identity-Info", "where the certificate of the signature is"),
    ("In-Reply-To", "calls that this one answers"),
    ("Info-Package", "what the INFO is about"),
    ("Join", "dialog to join"),
    ("Max-Breadth", "how many branches a fork may have"),
    ("Max-Forwards", "hops left before it is dropped"),
    ("MIME-Version", "version of MIME in the body"),
    ("Min-Expires", "least seconds that the registrar takes"),
    ("Min-SE", "least seconds of the session timer"),
    ("Organization", "whose device it is"),
    ("P-Access-Network-Info", "the network that the device is in"),
    (
        "P-Asserted-Identity",
        "who the caller is, by word of a trusted proxy",
    ),
    ("P-Associated-URI", "more addresses of the registered user"),
    ("P-Called-Party-ID", "address that was called"),
    ("P-Charging-Vector", "ties bills together"),
    (
        "P-Preferred-Identity",
        "who the caller wants to be shown as",
    ),
    ("P-Visited-Network-ID", "the network visited"),
    ("Path", "proxies between registrar and device"),
    ("Priority", "how urgent it is, for people"),
    ("Privacy", "what is to be hidden of the caller"),
    (
        "Priv-Answer-Mode",
        "whether the device has to answer by itself",
    ),
    ("Proxy-Authenticate", "a proxy wants a password"),
    ("Proxy-Authorization", "answer to a proxy's challenge"),
    ("Proxy-Require", "extensions that proxies must know"),
    ("RAck", "which provisional answer is acknowledged"),
    ("Reason", "why it was cancelled or ended"),
    (
        "Record-Route",
        "proxies that want to see the rest of the dialog",
    ),
    ("Recv-Info", "INFO packages that it takes"),
    ("Refer-Sub", "whether the REFER makes a subscription"),
    ("Refer-To", "whom to contact instead"),
    ("Referred-By", "who referred"),
    ("Reject-Contact", "which devices of the user are not meant"),
    ("Remote-Party-ID", "who the caller is, by word of a proxy"),
    ("Replaces", "dialog that this one takes the place of"),
    ("Reply-To", "where to call back"),
    ("Request-Disposition", "how proxies are to treat it"),
    ("Require", "extensions that the other side must know"),
    ("Resource-Priority", "priority in a full network"),
    ("Retry-After", "seconds to wait before asking again"),
    ("Route", "proxies it has to pass"),
    ("RSeq", "number of the provisional answer"),
    ("Security-Client", "security that the device offers"),
    ("Security-Server", "security that the server offers"),
    (
        "Security-Verify",
        "the offer again, so that nobody weakens it",
    ),
    ("Server", "the answering software"),
    (
        "Service-Route",
        "proxies for requests of the registered device",
    ),
    (
        "Session-Expires",
        "seconds after which a silent call is ended",
    ),
    ("Session-ID", "names the whole session across servers"),
    ("SIP-ETag", "names the published state"),
    ("SIP-If-Match", "the published state that is meant"),
    ("Subject", "what it is about, for people"),
    ("Subscription-State", "whether more notifications follow"),
    ("Supported", "extensions that it knows"),
    ("Suppress-If-Match", "no notification if nothing changed"),
    ("Target-Dialog", "proof that it knows another dialog"),
    ("Timestamp", "when it was sent, for measuring"),
    ("To", "who is asked"),
    ("Trigger-Consent", "asks for permission to send"),
    ("Unsupported", "extensions that were asked for in vain"),
    ("User-Agent", "the sender's software"),
    ("User-to-User", "data from user to user"),
    ("Via", "the way the answer takes back"),
    ("Warning", "more on why it was refused"),
    ("WWW-Authenticate", "a server wants a password"),
];

/// What a header is for.
pub(super) fn of(name: &str) -> Option<&'static str> {
    find(name).map(|(_, purpose)| *purpose)
}

/// The spelling that the registry has.
pub(super) fn usual_name(name: &str) -> &str {
    find(name).map_or(name, |(known, _)| known)
}

fn find(name: &str) -> Option<&'static (&'static str, &'static str)> {
    PURPOSES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
}
