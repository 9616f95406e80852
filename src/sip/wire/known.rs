use rsip::headers::untyped as known;
use rsip::headers::{Header, UntypedHeader};

/// Header names that `rsip` knows, with their usual spelling; gives both directions of the mapping.
macro_rules! known_headers {
    ($($variant:ident $name:literal)*) => {
        pub(super) fn to_header(name: &str, value: &str) -> Header {
            $(if name.eq_ignore_ascii_case($name) {
                return Header::$variant(known::$variant::new(value));
            })*
            Header::Other(name.to_owned(), value.to_owned())
        }

        pub(super) fn to_parts(header: &Header) -> (&str, &str) {
            match header {
                $(Header::$variant(field) => ($name, field.value()),)*
                Header::Other(name, value) => (name, value),
            }
        }
    };
}

known_headers! {
    Via "Via" From "From" To "To" CallId "Call-ID" CSeq "CSeq" Contact "Contact"
    MaxForwards "Max-Forwards" Route "Route" RecordRoute "Record-Route" Event "Event"
    SubscriptionState "Subscription-State" Expires "Expires" MinExpires "Min-Expires"
    Authorization "Authorization" WwwAuthenticate "WWW-Authenticate"
    ProxyAuthenticate "Proxy-Authenticate" ProxyAuthorization "Proxy-Authorization"
    AuthenticationInfo "Authentication-Info" Accept "Accept" AcceptEncoding "Accept-Encoding"
    AcceptLanguage "Accept-Language" AlertInfo "Alert-Info" Allow "Allow" CallInfo "Call-Info"
    ContentDisposition "Content-Disposition" ContentEncoding "Content-Encoding"
    ContentLanguage "Content-Language" ContentLength "Content-Length" ContentType "Content-Type"
    Date "Date" ErrorInfo "Error-Info" InReplyTo "In-Reply-To" MimeVersion "MIME-Version"
    Organization "Organization" Priority "Priority" ProxyRequire "Proxy-Require"
    ReplyTo "Reply-To" Require "Require" RetryAfter "Retry-After" Server "Server"
    Subject "Subject" Supported "Supported" Timestamp "Timestamp" Unsupported "Unsupported"
    UserAgent "User-Agent" Warning "Warning"
}
