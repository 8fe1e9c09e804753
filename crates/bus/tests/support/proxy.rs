//! A proxy between the bus and the real broker that fails on demand: cuts, swallows, falls silent, and slips in frames.
//! It forwards whole AMQP frames, so that what it does lands between them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Towards {
    Broker,
    Bus,
}

type Counts = Mutex<HashMap<(u16, u16), usize>>;

struct Lane {
    swallow: AtomicBool,
    /// Method frames that were swallowed or passed, by class and method.
    swallowed: Counts,
    passed: Counts,
    inject: Mutex<Vec<UnboundedSender<Vec<u8>>>>,
}

impl Lane {
    fn new() -> Self {
        Self {
            swallow: AtomicBool::new(false),
            swallowed: Mutex::default(),
            passed: Mutex::default(),
            inject: Mutex::default(),
        }
    }
}

struct Shared {
    broker: String,
    refuse: AtomicBool,
    connections: AtomicUsize,
    to_broker: Lane,
    to_bus: Lane,
    cut: Mutex<CancellationToken>,
}

/// Dropping it does not end what it forwards; that ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    pub(crate) address: String,
}

impl Proxy {
    pub(crate) async fn before(broker: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared {
            broker: broker.to_owned(),
            refuse: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            to_broker: Lane::new(),
            to_bus: Lane::new(),
            cut: Mutex::new(CancellationToken::new()),
        });
        let proxy = Self { shared: Arc::clone(&shared), address };
        tokio::spawn(async move {
            loop {
                let (bus, _) = listener.accept().await.unwrap();
                if !shared.refuse.load(Ordering::SeqCst) {
                    tokio::spawn(serve(Arc::clone(&shared), bus));
                }
            }
        });
        proxy
    }

    fn lane(&self, towards: Towards) -> &Lane {
        match towards {
            Towards::Broker => &self.shared.to_broker,
            Towards::Bus => &self.shared.to_bus,
        }
    }

    /// Connections made so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// From the next frame on, whatever goes that way vanishes.
    pub(crate) fn swallow(&self, towards: Towards, on: bool) {
        self.lane(towards).swallow.store(on, Ordering::SeqCst);
    }

    /// How many frames of a method have vanished on that way.
    pub(crate) fn swallowed(&self, towards: Towards, class: u16, method: u16) -> usize {
        self.lane(towards).swallowed.lock().unwrap().get(&(class, method)).copied().unwrap_or(0)
    }

    /// How many frames of a method have gone through on that way.
    pub(crate) fn passed(&self, towards: Towards, class: u16, method: u16) -> usize {
        self.lane(towards).passed.lock().unwrap().get(&(class, method)).copied().unwrap_or(0)
    }

    /// Accepts connections and closes them at once.
    pub(crate) fn refuse(&self, on: bool) {
        self.shared.refuse.store(on, Ordering::SeqCst);
    }

    /// Cuts every connection there is.
    pub(crate) fn cut(&self) {
        let mut cut = self.shared.cut.lock().unwrap();
        cut.cancel();
        *cut = CancellationToken::new();
    }

    /// Slips a frame into every connection there is.
    pub(crate) fn inject(&self, towards: Towards, frame: &[u8]) {
        let mut lanes = self.lane(towards).inject.lock().unwrap();
        lanes.retain(|lane| lane.send(frame.to_vec()).is_ok());
        assert!(!lanes.is_empty(), "a frame must go somewhere");
    }
}

async fn serve(shared: Arc<Shared>, bus: TcpStream) {
    let Ok(broker) = TcpStream::connect(&shared.broker).await else {
        return;
    };
    shared.connections.fetch_add(1, Ordering::SeqCst);
    let cut = shared.cut.lock().unwrap().clone();
    let (from_bus, to_bus) = bus.into_split();
    let (from_broker, to_broker) = broker.into_split();
    let open = |lane: &Lane| -> UnboundedReceiver<Vec<u8>> {
        let (sender, receiver) = unbounded_channel();
        lane.inject.lock().unwrap().push(sender);
        receiver
    };
    let (up, down) = (open(&shared.to_broker), open(&shared.to_bus));
    // The client's first bytes are the protocol header, which is no frame.
    let upwards = pump(&shared.to_broker, from_bus, to_broker, up, 8);
    let downwards = pump(&shared.to_bus, from_broker, to_bus, down, 0);
    tokio::select! {
        _ = upwards => {}
        _ = downwards => {}
        () = cut.cancelled() => {}
    }
}

async fn pump(
    lane: &Lane,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut inject: UnboundedReceiver<Vec<u8>>,
    header: usize,
) -> std::io::Result<()> {
    let mut first = vec![0; header];
    from.read_exact(&mut first).await?;
    to.write_all(&first).await?;
    let mut pending = Vec::new();
    loop {
        while let Some(length) = frame_length(&pending) {
            let frame: Vec<u8> = pending.drain(..length).collect();
            if lane.swallow.load(Ordering::SeqCst) {
                note(&lane.swallowed, &frame);
            } else {
                note(&lane.passed, &frame);
                to.write_all(&frame).await?;
            }
        }
        tokio::select! {
            read = from.read_buf(&mut pending) => {
                if read? == 0 {
                    return Ok(());
                }
            }
            Some(frame) = inject.recv() => to.write_all(&frame).await?,
        }
    }
}

/// The length of the first whole frame: type, channel, size, payload, end.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    let size = u32::from_be_bytes(bytes.get(3..7)?.try_into().ok()?);
    let length = 7 + usize::try_from(size).ok()? + 1;
    (bytes.len() >= length).then_some(length)
}

fn note(counts: &Counts, frame: &[u8]) {
    if let [1, _, _, _, _, _, _, c0, c1, m0, m1, ..] = frame {
        let key = (u16::from_be_bytes([*c0, *c1]), u16::from_be_bytes([*m0, *m1]));
        *counts.lock().unwrap().entry(key).or_default() += 1;
    }
}
