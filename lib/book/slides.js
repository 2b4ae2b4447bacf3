const slides = [...document.querySelectorAll(".slide")];
const where = document.getElementById("where");
const current = () => Math.max(0, slides.findIndex((e) => "#" + e.id === location.hash));
function show(number) {
  const place = Math.min(Math.max(number, 0), slides.length - 1);
  slides.forEach((e, i) => e.classList.toggle("now", i === place));
  where.textContent = `${place + 1} / ${slides.length}`;
  if (place !== current()) history.replaceState(null, "", "#" + slides[place].id);
  window.scrollTo(0, 0);
}
const turn = (step) => show(current() + step);
const keys = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(".scroll")) return;
  if (event.target.closest("button") && event.key === " ") return;
  if (event.key in keys) { event.preventDefault(); turn(keys[event.key]); }
  if (event.key === "Home") show(0);
  if (event.key === "End") show(slides.length - 1);
  if (event.key === "f") document.documentElement.requestFullscreen?.();
});
document.getElementById("back").addEventListener("click", () => turn(-1));
document.getElementById("on").addEventListener("click", () => turn(1));
let touch = 0;
document.addEventListener("touchstart", (event) => { touch = event.touches[0].clientX; });
document.addEventListener("touchend", (event) => {
  const moved = event.changedTouches[0].clientX - touch;
  if (Math.abs(moved) > 60 && !event.target.closest(".scroll")) turn(moved < 0 ? 1 : -1);
});
window.addEventListener("hashchange", () => show(current()));
document.documentElement.classList.add("js");
show(current());
