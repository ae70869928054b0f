//! Files as the runtimes write them, in `tests/data/machine`.

use super::*;

const DOCKER: &str = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";
const PODMAN: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0";
const CRI_O: &str = "0c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f405162738495a6b7c8d9eafb";
const POD: &str = "aa11bb22cc33dd44ee55ff6600778899aa11bb22cc33dd44ee55ff6600778899";
const SANDBOX: &str = "bb22cc33dd44ee55ff6600778899aa11bb22cc33dd44ee55ff6600778899aa11";
const NERDCTL: &str = "cc33dd44ee55ff6600778899aa11bb22cc33dd44ee55ff6600778899aa11bb22";

fn machine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/machine")
}

fn container(runtime: &str, id: &str) -> Container {
    Container { runtime: runtime.into(), id: id.into(), name: None }
}

#[test]
fn a_container_is_called_what_its_runtime_wrote_down() {
    let mut names = ContainerNames::below(&machine());
    for (runtime, id, name) in [
        ("docker", DOCKER, Some("shop-web-1")),
        ("podman", PODMAN, Some("backup")),
        ("cri-o", CRI_O, Some("k8s_coredns_coredns-6f6b679f8f-x2x7k_kube-system_1f0e_0")),
        ("containerd", POD, Some("orders-db-0/postgres")),
        ("kubernetes", SANDBOX, Some("orders-db-0")),
        ("containerd", NERDCTL, Some("mirror")),
        ("docker", PODMAN, None),
        ("podman", DOCKER, None),
        ("podman", "dd44", None),
        ("qemu", DOCKER, None),
    ] {
        let (names, container) = (&mut ContainerNames::below(&names.root), container(runtime, id));
        assert_eq!(names.of(&container).as_deref(), name, "{runtime} {id}");
    }
    let own = Container { name: Some("web".into()), ..container("lxc", "web") };
    assert_eq!(names.of(&own).as_deref(), Some("web"));
}

#[test]
fn an_id_never_leads_out_of_the_runtimes_directory() {
    let mut names = ContainerNames::below(&machine());
    for id in ["", "..", "../containers", "a/b", "a\0b"] {
        assert_eq!(names.of(&container("docker", id)), None, "{id:?}");
    }
    let inside = format!("../containers/{DOCKER}");
    assert_eq!(names.of(&container("docker", &inside)), None);
}

#[test]
fn all_processes_of_a_container_say_the_same_whatever_happens_to_its_file() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join(format!("var/lib/docker/containers/{DOCKER}"));
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.v2.json"), r#"{"Name": "/first"}"#).unwrap();
    let mut names = ContainerNames::below(root.path());
    assert_eq!(names.of(&container("docker", DOCKER)).as_deref(), Some("first"));
    fs::remove_file(directory.join("config.v2.json")).unwrap();
    assert_eq!(names.of(&container("docker", DOCKER)).as_deref(), Some("first"));
}

#[test]
fn a_file_that_is_too_large_or_something_else_gives_no_name() {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join(format!("var/lib/docker/containers/{DOCKER}"));
    fs::create_dir_all(&directory).unwrap();
    let blank = " ".repeat(MAX_FILE_BYTES as usize);
    for text in [format!(r#"{{"Name": "/x"}}{blank}"#), "{".into(), "[]".into(), r#"{"Name": "/"}"#.into()] {
        fs::write(directory.join("config.v2.json"), &text).unwrap();
        let name = ContainerNames::below(root.path()).of(&container("docker", DOCKER));
        assert_eq!(name, None, "{}", &text[..text.len().min(20)]);
    }
}
