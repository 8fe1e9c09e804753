//! CPU time and memory of processes, read from `/proc`.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::Path,
};

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

/// Reads the named processes, each together with everything below it that has no name of its own. Children that have
/// ended and were waited for are counted with their parent, so that a sum never falls.
pub(super) fn usage(named: &[(String, u32)]) -> Usage {
    let names: HashMap<u32, &str> = named.iter().map(|(name, pid)| (*pid, name.as_str())).collect();
    let parents: HashMap<u32, u32> =
        pids().into_iter().filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?))).collect();
    let mut groups: BTreeMap<String, Process> = BTreeMap::new();
    for pid in parents.keys() {
        let mut at = *pid;
        let name = loop {
            if let Some(name) = names.get(&at) {
                break *name;
            }
            match parents.get(&at) {
                Some(parent) => at = *parent,
                None => break "",
            }
        };
        if !name.is_empty() {
            let sum = groups.entry(name.to_owned()).or_default();
            sum.cpu_seconds += cpu_seconds(*pid).unwrap_or_default();
            sum.mebibytes += mebibytes(*pid).unwrap_or_default();
        }
    }
    Usage(groups)
}

fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The fields of `/proc/PID/stat` behind the command name; the first of them is the third of all.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, tail) = text.rsplit_once(") ")?;
    Some(tail.split_whitespace().map(str::to_owned).collect())
}

fn cpu_seconds(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    // utime, stime, cutime and cstime are the 14th to 17th of all fields.
    let ticks: f64 = (11..=14).filter_map(|at: usize| fields.get(at)?.parse::<f64>().ok()).sum();
    Some(ticks / TICKS)
}

fn mebibytes(pid: u32) -> Option<f64> {
    let rollup = format!("/proc/{pid}/smaps_rollup");
    if let Some(kibibytes) = field(Path::new(&rollup), "Pss:") {
        return Some(kibibytes / 1_024.0);
    }
    field(Path::new(&format!("/proc/{pid}/status")), "VmRSS:").map(|kibibytes| kibibytes / 1_024.0)
}

/// The most resident memory that a process has had so far.
pub(super) fn peak_mebibytes(pid: u32) -> Option<f64> {
    field(Path::new(&format!("/proc/{pid}/status")), "VmHWM:").map(|kibibytes| kibibytes / 1_024.0)
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
