//! OMA: WAP push and DM notification.
