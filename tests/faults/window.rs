//! A clerk at the front desk whose process is killed under his hands: he stays logged in, his stream comes again, and the
//! form that he sends once more is carried out once.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use desk::accounts::NewAccount;
use desk::domain::Duty;
use rand::Rng as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::chaos;
use crate::ground::Ground;
use crate::plan::{Kind, Plan};

/// Cases of this number on are the desk's.
const FIRST: usize = 2_000_000;
const ANSWER: Duration = Duration::from_secs(30);
/// How long a page may fail for a reason that passes.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(200);

/// Accepts a case over the desk's own pages while the desk is killed; what speaks against it.
pub(crate) async fn kill_under_the_clerk(ground: &mut Ground) -> Vec<String> {
    let number = FIRST + usize::try_from(ground.system.restarts("desk").unwrap()).unwrap();
    let seed = ground.measure.seed;
    let application = Plan::calm(seed, number, &ground.loaded).application(seed);
    let request_id = seed.request_id("submission at the desk", &number.to_string());
    let channel = Kind::AtTheDesk.channel();
    let case = match ground.clerk.clone().submit(request_id, channel, application).await {
        Ok(case) => case.case_id,
        Err(error) => return vec![format!("no case for the desk: {error:#}")],
    };
    let path = format!("/cases/{case}");
    let mut browser = Browser::log_in(ground, number).await;
    let mut stream = browser.watch(&path).await;
    let page = browser.get_ok(&path).await;
    let act = format!("{path}/act");
    let form = [
        ("csrf", page.field("csrf")),
        ("act", "accept".to_owned()),
        ("request_id", page.field("request_id")),
    ];

    let moment = Duration::from_millis(seed.random("desk", &number.to_string()).random_range(0..30));
    let mut sender = browser.clone();
    let (sent, killed) = tokio::join!(sender.post(&act, &form), async {
        tokio::time::sleep(moment).await;
        chaos::kill(ground, "desk").await
    });
    let mut trouble = killed;
    println!(
        "   the desk was killed {} ms after a form was sent: {}",
        moment.as_millis(),
        match &sent {
            Ok(page) => format!("answered {}", page.status),
            Err(error) => format!("no answer, {error}"),
        }
    );
    if !stream.ends().await {
        trouble.push("a stream outlived its desk".to_owned());
    }
    ground.system.wait_ready("desk", PATIENCE).await.unwrap();
    // The session was kept by the database: nobody logs in again. The stream that comes again begins with what stands.
    browser.watch(&path).await;
    let begun = Instant::now();
    let mut last = browser.post(&act, &form).await;
    while !last.as_ref().is_ok_and(|page| page.status == 303) && begun.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
        last = browser.post(&act, &form).await;
    }
    match last {
        Ok(page) if page.status == 303 && page.location == path => {}
        other => trouble.push(format!("the form that was sent again was not taken: {other:?}")),
    }
    let accepted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM intake.case_entry WHERE case_id = $1::uuid AND kind = 'CASE_ACCEPTED'",
    )
    .bind(&case)
    .fetch_one(&ground.books)
    .await
    .unwrap();
    if accepted != 1 {
        trouble.push(format!("a form that was sent again accepted its case {accepted} times"));
    }
    trouble
}

/// As much of a browser as this needs: a connection for each request, which fails where the desk is dead.
#[derive(Clone, Debug)]
struct Browser {
    /// Host and port.
    place: String,
    cookies: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Page {
    status: u16,
    location: String,
    text: String,
}

impl Page {
    /// The value of the first field with this name.
    fn field(&self, name: &str) -> String {
        let tag = self.text.split(&format!("name=\"{name}\"")).nth(1).and_then(|rest| rest.split('>').next());
        let value = tag.and_then(|tag| tag.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("no field {name} in {}", self.text)).to_owned()
    }
}

impl Browser {
    async fn log_in(ground: &Ground, number: usize) -> Self {
        let account = NewAccount {
            login: format!("clerk{number}"),
            title: "演练窗口".to_owned(),
            duties: vec![Duty::Clerk],
            must_change: false,
        };
        let password = ground.system.desk_account(&account).await.unwrap();
        let url = &ground.system.place("desk").unwrap().url;
        let place = url.split("://").nth(1).unwrap().trim_end_matches('/').to_owned();
        let mut browser = Self { place, cookies: BTreeMap::new() };
        let door = browser.get_ok("/login").await;
        let form = [
            ("csrf", door.field("csrf")),
            ("login", account.login),
            ("password", password),
            ("next", String::new()),
        ];
        let page = browser.post("/login", &form).await.unwrap();
        assert_eq!(page.status, 303, "{}", page.text);
        browser
    }

    /// A page, which may fail for a while: what is behind the desk may just be coming back.
    async fn get_ok(&mut self, path: &str) -> Page {
        let begun = Instant::now();
        loop {
            match self.send("GET", path, None).await {
                Ok(page) if page.status == 200 => return page,
                other => assert!(begun.elapsed() < PATIENCE, "{path}: {other:?}"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn post(&mut self, path: &str, form: &[(&str, String)]) -> io::Result<Page> {
        let fields: Vec<String> =
            form.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.send("POST", path, Some(fields.join("&"))).await
    }

    async fn send(&mut self, method: &str, path: &str, form: Option<String>) -> io::Result<Page> {
        let mut connection = self.open(method, path, form).await?;
        let mut bytes = Vec::new();
        timeout(ANSWER, connection.read_to_end(&mut bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut location = String::new();
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => value.clone_into(&mut location),
                "set-cookie" => {
                    let (name, value) =
                        value.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
                _ => {}
            }
        }
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Page { status, location, text: body.to_owned() })
    }

    async fn open(&self, method: &str, path: &str, form: Option<String>) -> io::Result<TcpStream> {
        let Self { place, cookies } = self;
        let cookies: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {place}\r\nconnection: close\r\ncookie: {}\r\n",
            cookies.join("; ")
        );
        if let Some(form) = &form {
            request.push_str(&format!(
                "origin: http://{place}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n",
                form.len()
            ));
        }
        request.push_str("\r\n");
        request.push_str(&form.unwrap_or_default());
        let mut connection = TcpStream::connect(place).await?;
        connection.write_all(request.as_bytes()).await?;
        Ok(connection)
    }

    /// Opens the stream of a case and waits for the first thing that it tells.
    async fn watch(&self, case: &str) -> Stream {
        let begun = Instant::now();
        loop {
            let mut text = String::new();
            if let Ok(mut connection) = self.open("GET", &format!("{case}/events"), None).await {
                let mut bytes = [0; 4_096];
                while let Ok(Ok(read @ 1..)) = timeout(ANSWER, connection.read(&mut bytes)).await {
                    text.push_str(&String::from_utf8_lossy(&bytes[..read]));
                    if text.contains("event: case") || text.contains("event:case") {
                        return Stream(connection);
                    }
                }
            }
            assert!(begun.elapsed() < PATIENCE, "the stream of {case} tells nothing: {text}");
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// An open stream of events.
struct Stream(TcpStream);

impl Stream {
    async fn ends(&mut self) -> bool {
        let mut rest = Vec::new();
        timeout(ANSWER, self.0.read_to_end(&mut rest)).await.is_ok()
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
