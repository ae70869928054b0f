//! Saving beside the tick: a thread of its own, because a disk may take its time.
//!
//! Only the newest image matters, so there is one place for it: a slow disk costs no memory.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::watch;

use super::{Image, Shelf};

/// The last image that was dealt with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Saved {
    /// The newest event in it. Clients hear of no later one, so that a crash takes back nothing that was said.
    pub up_to: u64,
    /// Why it was not saved.
    pub fault: Option<String>,
}

/// Saves images, one after the other.
#[derive(Debug)]
pub struct Keeper {
    place: Arc<(Mutex<Place>, Condvar)>,
    thread: Option<JoinHandle<()>>,
    saved: watch::Receiver<Saved>,
    not_loaded: Option<String>,
}

#[derive(Debug, Default)]
struct Place {
    image: Option<Image>,
    ending: bool,
}

impl Keeper {
    /// Saves to `shelf`, on which `up_to` is the newest event, and of which `not_loaded` says why it could not be read.
    ///
    /// # Errors
    ///
    /// Fails when the system gives no thread.
    pub fn new(shelf: Box<dyn Shelf>, up_to: u64, not_loaded: Option<String>) -> std::io::Result<Self> {
        let place = Arc::new((Mutex::default(), Condvar::new()));
        let (said, saved) = watch::channel(Saved { up_to, fault: None });
        let taken = Arc::clone(&place);
        let thread = std::thread::Builder::new()
            .name("alerts".into())
            .spawn(move || save_all(&taken, shelf, &said))?;
        Ok(Self { place, thread: Some(thread), saved, not_loaded })
    }

    /// Saves `image` as soon as the disk is free, unless a newer one comes before.
    pub fn save(&self, image: Image) {
        lock(&self.place.0).image = Some(image);
        self.place.1.notify_one();
    }

    /// Why what was on the shelf could not be read.
    #[must_use]
    pub fn not_loaded(&self) -> Option<&str> {
        self.not_loaded.as_deref()
    }

    /// What was saved, as it changes.
    #[must_use]
    pub fn saved(&self) -> watch::Receiver<Saved> {
        self.saved.clone()
    }
}

/// Waits until what was given to it is saved.
impl Drop for Keeper {
    fn drop(&mut self) {
        lock(&self.place.0).ending = true;
        self.place.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed by then.
            let _ = thread.join();
        }
    }
}

fn lock(place: &Mutex<Place>) -> MutexGuard<'_, Place> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn save_all(place: &(Mutex<Place>, Condvar), mut shelf: Box<dyn Shelf>, said: &watch::Sender<Saved>) {
    loop {
        let mut here = lock(&place.0);
        let image = loop {
            match here.image.take() {
                Some(image) => break image,
                None if here.ending => return,
                None => here = place.1.wait(here).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(here);
        let fault = shelf.save(&image).err().map(|error| error.text());
        if fault != said.borrow().fault {
            if let Some(fault) = &fault {
                tracing::error!("{fault}");
            } else {
                tracing::info!("alerts are kept again");
            }
        }
        said.send_replace(Saved { up_to: image.log.last(), fault });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::alerts::shelf::ShelfError;

    /// A disk that takes each image only when it is told to.
    struct Slow {
        go: mpsc::Receiver<bool>,
        done: mpsc::Sender<u64>,
    }

    impl Shelf for Slow {
        fn load(&mut self) -> Result<Option<Image>, ShelfError> {
            Ok(None)
        }

        fn save(&mut self, image: &Image) -> Result<(), ShelfError> {
            let works = self.go.recv().unwrap();
            self.done.send(image.last_rule).unwrap();
            let full = || std::io::ErrorKind::StorageFull.into();
            if works { Ok(()) } else { Err(ShelfError::Write { path: "alerts.json".into(), source: full() }) }
        }
    }

    fn keeper() -> (Keeper, mpsc::Sender<bool>, mpsc::Receiver<u64>) {
        let ((go, may), (done, saved)) = (mpsc::channel(), mpsc::channel());
        (Keeper::new(Box::new(Slow { go: may, done }), 0, None).unwrap(), go, saved)
    }

    fn image(last_rule: u64) -> Image {
        Image { last_rule, ..Image::default() }
    }

    #[test]
    fn the_newest_image_is_saved_before_it_ends() {
        let (keeper, go, saved) = keeper();
        (1..=100).for_each(|n| keeper.save(image(n)));
        (0..100).for_each(|_| go.send(true).unwrap());
        drop(keeper);
        let saved: Vec<u64> = saved.iter().collect();
        assert_eq!(saved.last(), Some(&100));
        assert!(saved.len() <= 2, "a slow disk is not made to write what is old already: {saved:?}");
    }

    #[test]
    fn a_full_disk_is_a_fault_until_it_is_not() {
        let (keeper, go, saved) = keeper();
        let mut told = keeper.saved();
        let mut fault_after = |works: bool| {
            keeper.save(image(1));
            go.send(works).unwrap();
            saved.recv().unwrap();
            futures::wait(&mut told)
        };
        assert!(fault_after(false).is_some_and(|fault| fault.contains("will not survive a restart")));
        assert_eq!(fault_after(true), None);
    }

    mod futures {
        use super::*;

        /// The next fault, or none, that is told.
        pub(super) fn wait(told: &mut watch::Receiver<Saved>) -> Option<String> {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(told.changed()).unwrap();
            told.borrow_and_update().fault.clone()
        }
    }
}
