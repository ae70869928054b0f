//! Chromium without a window, driven through its debugging protocol.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket, client};

/// Longest wait for anything; only a failing test ever waits as long.
const DEADLINE: Duration = Duration::from_mins(1);
const PROGRAMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A running browser.
pub(crate) struct Browser {
    child: Child,
    address: String,
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let launch = |program: &&str| {
            Command::new(program)
                // The sandbox needs a user namespace of its own, which root and containers often have not; the only
                // page opened here is ours.
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--hide-scrollbars",
                ])
                .args(["--no-first-run", "--disable-background-networking", "--remote-debugging-port=0"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .ok()
        };
        let mut child = PROGRAMS.iter().find_map(launch).expect(
            "no Chromium found to show the page to; install it:   sudo apt-get install chromium   (or your \
             system's package of Chromium or Chrome)",
        );
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let start = said.len();
            assert!(log.read_line(&mut said).unwrap() > 0, "the browser ended before it listened:\n{said}");
            if let Some(address) = said[start..].trim_end().strip_prefix("DevTools listening on ws://") {
                break address.to_owned();
            }
        };
        // Read on, so that the browser never waits for room to write.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address, _profile: profile }
    }

    /// A new page of this size, still blank.
    pub(crate) fn page(&self, width: u32, height: u32) -> Page {
        let stream = TcpStream::connect(self.address.split('/').next().unwrap()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let (socket, _) = client(format!("ws://{}", self.address), stream).unwrap();
        let mut page = Page {
            socket,
            deadline: Instant::now(),
            session: None,
            calls: 0,
            events: VecDeque::new(),
            requests: Vec::new(),
            complaints: Vec::new(),
        };
        let target = page.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attached =
            page.call("Target.attachToTarget", &json!({"targetId": target["targetId"], "flatten": true}));
        page.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.resize(width, height);
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // Without a reply: a page that a failed test leaves behind may never give one.
        let close = json!({"id": 0, "method": "Page.close", "sessionId": self.session});
        let _ = self.socket.send(Message::text(close.to_string()));
    }
}

/// One page, and everything that it asked for and complained about.
pub(crate) struct Page {
    socket: WebSocket<TcpStream>,
    deadline: Instant,
    session: Option<String>,
    calls: u64,
    events: VecDeque<Value>,
    requests: Vec<String>,
    complaints: Vec<String>,
}

impl Page {
    /// Opens `url` and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str) {
        self.events.clear();
        let answer = self.call("Page.navigate", &json!({"url": url}));
        assert_eq!(answer.get("errorText"), None, "{url}");
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            self.receive("the page to load");
        }
    }

    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The value of a JavaScript expression.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let evaluate = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", &evaluate);
        assert_eq!(answer.get("exceptionDetails"), None, "{expression}");
        answer["result"]["value"].clone()
    }

    /// Waits until `expression` holds, looking whenever the page changes, and returns its value.
    pub(crate) fn wait_for(&mut self, expression: &str) -> Value {
        self.value(&format!(
            "new Promise((resolve) => {{
                const look = () => {{
                    const found = {expression};
                    if (found) {{ observer.disconnect(); resolve(found); }}
                }};
                const observer = new MutationObserver(look);
                const everything = {{ subtree: true, childList: true, characterData: true, attributes: true }};
                observer.observe(document, everything);
                look();
            }})"
        ))
    }

    /// Presses and releases a key that writes one character.
    pub(crate) fn press(&mut self, key: &str) {
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyDown", "key": key, "text": key}));
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": key}));
    }

    pub(crate) fn press_escape(&mut self) {
        for kind in ["rawKeyDown", "keyUp"] {
            let key = json!({"type": kind, "key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27});
            self.call("Input.dispatchKeyEvent", &key);
        }
    }

    /// Types into whatever has the focus.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Draws with the mouse over an element, from one part of its width to another; 0 is its left side, 1 its right one.
    pub(crate) fn draw_over(&mut self, selector: &str, from: f64, to: f64) {
        let (y, [from, to]) = self.places(selector, [from, to]);
        for (kind, x) in [
            ("mouseMoved", from),
            ("mousePressed", from),
            ("mouseMoved", f64::midpoint(from, to)),
            ("mouseMoved", to),
            ("mouseReleased", to),
        ] {
            self.mouse(kind, x, y, 1);
        }
    }

    /// Clicks twice, quickly, on the middle of an element.
    pub(crate) fn double_click(&mut self, selector: &str) {
        let (y, [x]) = self.places(selector, [0.5]);
        for clicks in [1, 2] {
            self.mouse("mousePressed", x, y, clicks);
            self.mouse("mouseReleased", x, y, clicks);
        }
    }

    /// Moves the mouse to a part of the width of an element.
    pub(crate) fn point_at(&mut self, selector: &str, part: f64) {
        let (y, [x]) = self.places(selector, [part]);
        self.mouse("mouseMoved", x, y, 0);
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64, clicks: u32) {
        let button = if clicks == 0 { "none" } else { "left" };
        let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": clicks});
        self.call("Input.dispatchMouseEvent", &event);
    }

    /// The height of the middle of an element, and where these parts of its width are.
    fn places<const N: usize>(&mut self, selector: &str, parts: [f64; N]) -> (f64, [f64; N]) {
        let place = self.value(&format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                element.scrollIntoView({{ block: 'center' }});
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                return [x, width, y + height / 2];
            }})()"
        ));
        let [x, width, y]: [f64; 3] = serde_json::from_value(place).unwrap();
        (y, parts.map(|part| x + width * part))
    }

    /// Clicks with the mouse on the middle of the first element that `selector` finds.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                element.scrollIntoView({{ block: 'center' }});
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                return {{ x: x + width / 2, y: y + height / 2 }};
            }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let click =
                json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &click);
        }
    }

    /// The page as it looks now, as high as its content, as a PNG file.
    pub(crate) fn screenshot(&mut self, file: &Path) {
        let answer =
            self.call("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
        let png = data_encoding::BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::write(file, png).unwrap();
    }

    /// Waits until the page has asked for an address with all of `words` in it.
    pub(crate) fn wait_until_asked(&mut self, words: &[&str]) {
        self.deadline = Instant::now() + DEADLINE;
        while !self.requests.iter().any(|url| words.iter().all(|word| url.contains(word))) {
            self.receive(&format!("a request for {words:?} among {:?}", self.requests));
        }
    }

    /// The addresses of all requests so far.
    pub(crate) fn requests(&self) -> &[String] {
        &self.requests
    }

    /// Errors and warnings in the console, and exceptions that nobody caught.
    pub(crate) fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let id = self.calls;
        let mut call = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            call["sessionId"] = session.clone().into();
        }
        self.deadline = Instant::now() + DEADLINE;
        self.socket.send(Message::text(call.to_string())).unwrap();
        loop {
            let message = self.receive(&call.to_string());
            if message["id"] == id {
                assert_eq!(message.get("error"), None, "{call}");
                return message["result"].clone();
            }
        }
    }

    fn receive(&mut self, awaited: &str) -> Value {
        // A silent page lets the read time out; a busy one that never answers is noticed here.
        let in_time = Instant::now() < self.deadline;
        let message = self.socket.read().ok().filter(|_| in_time).unwrap_or_else(|| {
            panic!("no end to waiting for {awaited}\nthe console says {:#?}", self.complaints)
        });
        let message: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(parameters["request"]["url"].as_str().unwrap().to_owned());
            }
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(parameters["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled") if parameters["type"] != "log" => {
                self.complaints.push(parameters["args"].to_string());
            }
            Some("Log.entryAdded") => self.complaints.push(parameters["entry"].to_string()),
            _ => {}
        }
        if message.get("method").is_some() {
            self.events.push_back(message.clone());
        }
        message
    }
}
