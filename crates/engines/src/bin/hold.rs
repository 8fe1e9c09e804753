//! Starts both engines, prints their addresses, and waits to be stopped or killed: `cargo run -p engines`.

use engines::{Engines, Source};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let start = std::time::Instant::now();
    let engines = tokio::select! {
        engines = Engines::start(Source::GivenOrPrivate) => engines?,
        // What has been started so far is dropped, and so ended.
        _ = terminated.recv() => return Ok(()),
        _ = interrupted.recv() => return Ok(()),
    };
    for (name, value) in engines.environment() {
        println!("{name}={value}");
    }
    println!("ready after {} ms", start.elapsed().as_millis());
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    engines.stop().await?;
    println!("stopped");
    Ok(())
}
