/// The most memory that this process has had at once, in bytes; `None` where the system does not tell.
#[must_use]
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_once_had_stays_counted() {
        let room = vec![1_u8; 8 << 20];
        let with = super::peak_memory();
        drop(room);
        assert!(super::peak_memory() >= with && with > Some(8 << 20));
    }
}
