use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The most memory that this process has had at once, in bytes; `None` where the system does not tell.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

/// How many files and connections this process may have open at once; `None` where the system does not tell.
#[must_use]
pub fn most_open() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|l| l.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Lets this process have as many files and connections open as the system would let it (its hard limit). Usual systems
/// start programs with 1,024, for the sake of old ones that break beyond, though they allow a thousand times as many.
pub fn open_more() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Where it is refused, things are as they were.
        let _refused = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    #[test]
    fn as_many_files_may_be_open_as_the_system_lets() {
        super::open_more();
        let (soft, hard) = super::getrlimit(super::Resource::RLIMIT_NOFILE).expect("told");
        assert_eq!(soft, hard);
    }

    #[test]
    fn some_files_may_be_open() {
        assert!(super::most_open().is_none_or(|most| most > 3));
    }

    #[test]
    fn what_was_once_had_stays_counted() {
        let room = vec![1_u8; 8 << 20];
        let with = super::peak_memory();
        drop(room);
        assert!(super::peak_memory() >= with && with > Some(8 << 20));
    }
}
