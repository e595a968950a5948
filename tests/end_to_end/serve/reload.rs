//! Signals: a good end, and another configuration.

use serde_json::Value;

use super::client::push;
use super::harness::{Server, get, serve, until, until_judged};
use super::simulated;
use crate::harness::Room;

#[test]
fn a_restart_has_the_same_open_sessions() {
    let room = Room::new();
    let lines = simulated(1_000, 5)[..500].concat();
    let (server, address) = Server::start(serve(&room, "state", &[]));
    assert_eq!(push(address, "default", None, &lines).unwrap().status, 200);
    until_judged(address, "default", 500);
    let sessions = |address| get(address, "/v1/sessions?limit=1000").json();
    let before = sessions(address);
    assert!(before["items"].as_array().unwrap().len() > 10, "{before}");
    server.stop();
    let (server, address) = Server::start(serve(&room, "state", &[]));
    assert_eq!(sessions(address), before);
    server.stop();
}

#[test]
fn a_reload_takes_sources_in_and_keeps_what_works() {
    let room = Room::new();
    room.write("serve.toml", "[[sources]]\nname = \"old\"\n");
    let (server, address) = Server::start(serve(&room, "state", &["--config", "serve.toml"]));
    let lines = simulated(1_000, 6);
    assert_eq!(push(address, "old", None, &lines[..300].concat()).unwrap().status, 200);
    until_judged(address, "old", 300);
    let sessions = |source: &str| get(address, &format!("/v1/sessions?source={source}&limit=1000")).json();
    let before = sessions("old");
    let names = || -> Vec<Value> {
        let sources = get(address, "/v1/sources").json();
        sources["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|source| source["name"].clone())
            .collect()
    };

    let two = "[[sources]]\nname = \"old\"\n[[sources]]\nname = \"new\"\nfiles = [\"new.log\"]\n";
    room.write("serve.toml", two);
    room.write("new.log", lines[..200].concat());
    server.signal("HUP");
    until("the new source", || names() == ["new", "old"]);
    until_judged(address, "new", 200);
    assert_eq!(
        push(address, "new", None, &lines[200..300].concat()).unwrap().status,
        200
    );
    until_judged(address, "new", 300);

    room.write("serve.toml", format!("{two}shape = \"round\"\n"));
    server.signal("HUP");
    until("a complaint", || server.said().contains("not reloaded"));
    assert!(server.said().contains("shape"), "{}", server.said());
    assert_eq!(names(), ["new", "old"]);
    assert_eq!(sessions("old"), before, "its sessions are still open");
    assert_eq!(
        push(address, "old", None, &lines[300..400].concat()).unwrap().status,
        200
    );
    until_judged(address, "old", 400);
    server.stop();
}
