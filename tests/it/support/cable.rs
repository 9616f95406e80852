//! Networks of a test's own.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Two ends of a cable of their own; gone with this value.
pub(crate) struct Cable {
    names: [String; 2],
}

pub(crate) fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .output()
        .is_ok_and(|o| o.status.success())
}

impl Cable {
    /// Two network namespaces joined by a cable that loses `percent` of what goes either way.
    pub(crate) fn losing(percent: u32) -> Option<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let id = format!(
            "{}x{}",
            std::process::id(),
            MADE.fetch_add(1, Ordering::Relaxed)
        );
        let names = [format!("chv{id}a"), format!("chv{id}b")];
        let [a, b] = [names[0].as_str(), names[1].as_str()];
        if !ip(&["netns", "add", a]) {
            return None;
        }
        let cable = Self {
            names: names.clone(),
        };
        let built = ip(&["netns", "add", b])
            && ip(&[
                "link", "add", "veth0", "netns", a, "type", "veth", "peer", "veth0", "netns", b,
            ])
            && [(a, "10.99.0.1/24"), (b, "10.99.0.2/24")]
                .iter()
                .all(|(name, address)| {
                    ip(&["-n", name, "addr", "add", address, "dev", "veth0"])
                        && ip(&["-n", name, "link", "set", "veth0", "up"])
                        && ip(&["-n", name, "link", "set", "lo", "up"])
                        && (percent == 0 || lose(name, percent))
                });
        built.then_some(cable)
    }

    /// The name of one of its ends, 0 or 1, for `ip -n`.
    pub(crate) fn name(&self, end: usize) -> &str {
        &self.names[end]
    }

    /// A program at one of its ends: 10.99.0.1 or 10.99.0.2.
    pub(crate) fn within(&self, end: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[end], program]);
        command
    }
}

fn lose(name: &str, percent: u32) -> bool {
    let rules = format!(
        "add table inet loss\nadd chain inet loss in {{ type filter hook input priority 0; }}\nadd rule inet loss in udp dport 1-65535 numgen random mod 100 < {percent} drop\n"
    );
    let folder = tempfile::tempdir().expect("a scratch folder");
    let file = folder.path().join("rules");
    std::fs::write(&file, rules).expect("a scratch file");
    Command::new("ip")
        .args(["netns", "exec", name, "nft", "-f"])
        .arg(&file)
        .output()
        .is_ok_and(|o| o.status.success())
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&["netns", "del", name]);
        }
    }
}
