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

#[cfg(test)]
mod tests {
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
