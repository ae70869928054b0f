//! What people call their containers, as the runtimes write it down. No daemon is asked.
//!
//! Only files of the system are read: a user's own containers keep their names in files that the user may write to, as
//! large and as odd as it pleases. A name says what somebody calls a container and proves nothing.

use std::{
    collections::HashMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use bwusage_proto::process::Container;
use serde::Deserialize;

/// Larger files are not read: real ones have some 10 KiB.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// Most containers that are remembered; then it begins anew.
const MAX_KNOWN: usize = 4096;
/// Most namespaces of containerd that are looked into.
const MAX_NAMESPACES: usize = 64;

/// Names that were looked for: each once, so that all processes of a container say the same.
#[derive(Debug)]
pub struct ContainerNames {
    root: PathBuf,
    known: HashMap<String, Option<String>>,
}

impl ContainerNames {
    /// Looks below `root`, which is `/` but in tests.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { root: root.into(), known: HashMap::new() }
    }

    /// The name of `container`; `None` where nobody wrote one down.
    pub fn of(&mut self, container: &Container) -> Option<String> {
        if let Some(name) = &container.name {
            return Some(name.clone());
        }
        if let Some(known) = self.known.get(&container.id) {
            return known.clone();
        }
        if self.known.len() >= MAX_KNOWN {
            self.known.clear();
        }
        let name = self.look_up(container);
        self.known.insert(container.id.clone(), name.clone());
        name
    }

    fn look_up(&self, container: &Container) -> Option<String> {
        let id = container.id.as_str();
        // It becomes part of a path.
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let name = match container.runtime.as_str() {
            "docker" => self.of_docker(id),
            "podman" | "cri-o" => self.of_storage(id),
            "containerd" => self.of_containerd(id),
            // Without systemd a pod's group does not say who runs it.
            "kubernetes" => {
                self.of_containerd(id).or_else(|| self.of_docker(id)).or_else(|| self.of_storage(id))
            }
            _ => None,
        };
        name.filter(|name| !name.is_empty())
    }

    fn of_docker(&self, id: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Config {
            #[serde(rename = "Name")]
            name: String,
        }
        let config: Config = self.json(&format!("var/lib/docker/containers/{id}/config.v2.json"))?;
        Some(config.name.trim_start_matches('/').to_owned())
    }

    /// What podman and CRI-O share: one list of all containers.
    fn of_storage(&self, id: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Stored {
            id: String,
            #[serde(default)]
            names: Option<Vec<String>>,
        }
        let stored: Vec<Stored> =
            self.json("var/lib/containers/storage/overlay-containers/containers.json")?;
        stored.into_iter().find(|stored| stored.id == id)?.names?.into_iter().next()
    }

    /// The annotations of a task: Kubernetes' pod and container, or what nerdctl wrote.
    fn of_containerd(&self, id: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct Spec {
            #[serde(default)]
            annotations: HashMap<String, String>,
        }
        let tasks = "run/containerd/io.containerd.runtime.v2.task";
        let namespaces = fs::read_dir(self.root.join(tasks)).ok()?.flatten().take(MAX_NAMESPACES);
        let mut specs = namespaces.filter_map(|namespace| {
            let namespace = namespace.file_name();
            self.json::<Spec>(&format!("{tasks}/{}/{id}/config.json", namespace.to_str()?))
        });
        let annotations = specs.next()?.annotations;
        let said = |name: &str| annotations.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let pod = said("io.kubernetes.cri.sandbox-name");
        let container = said("io.kubernetes.cri.container-name");
        match (pod, container) {
            (Some(pod), Some(container)) => Some(format!("{pod}/{container}")),
            // The sandbox itself has no container's name.
            (Some(only), None) | (None, Some(only)) => Some(only.to_owned()),
            (None, None) => said("nerdctl/name").map(Into::into),
        }
    }

    /// A file, if it is small enough and what it should be.
    fn json<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        let file = fs::File::open(self.root.join(path)).ok()?;
        let metadata = file.metadata().ok()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

#[cfg(test)]
mod tests;
