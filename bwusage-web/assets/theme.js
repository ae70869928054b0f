// Runs before the page is drawn, so that it never flashes in another theme; the rest of the settings is in settings.js.
try {
  document.documentElement.dataset.theme = localStorage.getItem("bwusage.theme") || "dark";
} catch {
  // Without a memory it is the theme of the markup.
}
