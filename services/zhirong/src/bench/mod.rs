//! `zhirong bench`: measures on this machine the fan-out and the register in full, beside bare programs that do the same
//! fixed work, and the matching of products.

mod chain;
mod command;
mod fanout;
mod floor;
mod institutions;
mod latency;
mod load;
mod machine;
mod matching;
mod register;
mod scores;
mod screening;
mod statements;
mod tables;

pub use command::{Arguments, run};

/// Ends when standard input does: the parent has closed it, or is gone.
async fn input_ended() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
