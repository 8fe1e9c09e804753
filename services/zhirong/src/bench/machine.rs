//! CPU time and memory of processes, read from `/proc`.

use std::{collections::BTreeMap, fs, path::Path};

/// CPU seconds used so far and resident memory, by a group's name.
#[derive(Debug, Clone, Default)]
pub(super) struct Usage(pub(super) BTreeMap<String, Process>);

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Process {
    pub(super) cpu_seconds: f64,
    /// Proportional share of resident memory where the kernel tells it, else resident memory.
    pub(super) mebibytes: f64,
}

/// The kernel's clock ticks per second in `/proc`; 100 on every Linux in use.
const TICKS: f64 = 100.0;

/// Reads the named processes, PostgreSQL and RabbitMQ (every process of theirs below this one, or, when the engines
/// were given, on this machine).
pub(super) fn usage(named: &[(String, u32)]) -> Usage {
    let mut groups: BTreeMap<String, Process> = BTreeMap::new();
    for pid in pids() {
        let Some((command, _)) = stat(pid) else { continue };
        let group = match named.iter().find(|(_, known)| *known == pid) {
            Some((name, _)) => name.clone(),
            None if command == "postgres" => "postgresql".to_owned(),
            None if command == "beam.smp" => "rabbitmq".to_owned(),
            None => continue,
        };
        let sum = groups.entry(group).or_default();
        sum.cpu_seconds += cpu_seconds(pid).unwrap_or_default();
        sum.mebibytes += mebibytes(pid).unwrap_or_default();
    }
    Usage(groups)
}

fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Command name and the fields after it.
fn stat(pid: u32) -> Option<(String, Vec<String>)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (head, tail) = text.rsplit_once(") ")?;
    let command = head.split_once(" (")?.1.to_owned();
    Some((command, tail.split_whitespace().map(str::to_owned).collect()))
}

fn cpu_seconds(pid: u32) -> Option<f64> {
    let (_, fields) = stat(pid)?;
    // utime and stime are the 14th and 15th of all fields; the tail begins with the third.
    let ticks: f64 = [11, 12].iter().filter_map(|at: &usize| fields.get(*at)?.parse::<f64>().ok()).sum();
    Some(ticks / TICKS)
}

fn mebibytes(pid: u32) -> Option<f64> {
    let rollup = format!("/proc/{pid}/smaps_rollup");
    if let Some(kibibytes) = field(Path::new(&rollup), "Pss:") {
        return Some(kibibytes / 1_024.0);
    }
    field(Path::new(&format!("/proc/{pid}/status")), "VmRSS:").map(|kibibytes| kibibytes / 1_024.0)
}

fn field(path: &Path, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_is_found_by_its_id() {
        let usage = usage(&[("own".to_owned(), std::process::id())]);
        assert!(usage.0["own"].mebibytes > 0.5);
    }
}
