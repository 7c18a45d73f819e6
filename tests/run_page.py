#!/usr/bin/python3
"""The page of ringside serve in a browser: headless Chromium, driven by Selenium. Reports in TAP.

Pictures are looked at as a person sees them, in screenshots. With $SCREENSHOTS, a folder, some of
them are left there.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

DRIVER = "/usr/bin/chromedriver"
PATIENCE = 60  # seconds, for what comes at once
GROUND = (112, 128, 144)  # slategray, the clip's

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    if not os.access(DRIVER, os.X_OK):
        raise ImportError
except ImportError:
    print("1..0 # SKIP no chromium-driver and python3-selenium")
    sys.exit(0)

CONTRAST = """
const luminance = (rgb) => rgb.map((c) => c / 255)
  .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const colour = (text) => text.match(/[\\d.]+/g).map(Number);
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const c = colour(getComputedStyle(element).backgroundColor);
    if (c.length === 3 || c[3] > 0.6) return c.slice(0, 3);
  }
  return [255, 255, 255];
};
const worst = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !element.offsetParent || ["STYLE", "SCRIPT", "NOSCRIPT"].includes(element.tagName))
    continue;
  const [a, b] = [luminance(colour(getComputedStyle(element).color).slice(0, 3)),
    luminance(ground(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) worst.push(`${element.tagName} ${element.className}: ${ratio.toFixed(2)}`);
}
return worst;
"""

NAMELESS = """
return [...document.querySelectorAll("button, input, a, canvas, [role=region], section, article")]
  .filter((e) => !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") ||
                   e.textContent.trim() || e.labels?.length))
  .map((e) => e.outerHTML.slice(0, 80));
"""


def await_(what, condition):
    """There is no event for what a person sees."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


class Scene:
    """A run of one camera with something that comes and goes, a server, and a browser."""

    def __init__(self, folder):
        self.ringside = os.environ["RINGSIDE"]
        clip = os.path.join(folder, "gate.mp4")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=slategray:s=320x180:r=25:d=8",
             "-f", "lavfi", "-i", "color=white:s=40x40:r=25:d=8", "-filter_complex",
             "overlay=x='(t-2)*80-40':y=70:shortest=1,format=yuv420p", "-c:v", "libx264", clip],
            check=True)
        self.camera = f"page-{os.getpid()}"
        self.run = subprocess.Popen(
            [self.ringside, "run", "-q", "--pace", "--loop", "0", "-w", "motion",
             f"{self.camera}={clip}"], stdout=subprocess.DEVNULL)
        self.serve = subprocess.Popen(
            [self.ringside, "serve", "--listen", "0", str(self.run.pid)],
            stderr=subprocess.PIPE, text=True)
        self.url = self.serve.stderr.readline().split()[-1]
        self.browser = self.open_browser(folder)

    @staticmethod
    def open_browser(folder):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu",
                         "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        return webdriver.Chrome(options=options, service=Service(DRIVER))

    def emulate(self, width, height, scheme):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.browser.execute_script(
            "return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def is_drawn(self):
        return self.browser.execute_script(
            "const note = document.querySelector('.note'); return note !== null && note.hidden")

    def screenshot(self, selector):
        """Its pixels, each three bytes, and how many are in a row."""
        png = self.find(selector).screenshot_as_png
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt",
                              "rgb24", "-"], input=png, capture_output=True, check=True).stdout
        return raw, int.from_bytes(png[16:20], "big")

    def keep(self, name):
        if "SCREENSHOTS" in os.environ:
            self.browser.save_screenshot(os.path.join(os.environ["SCREENSHOTS"], name + ".png"))

    def figures(self):
        with urllib.request.urlopen(self.url + "cameras.json") as reply:
            return json.load(reply)["cameras"]

    def close(self):
        self.browser.quit()
        for process in (self.serve, self.run):
            process.send_signal(signal.SIGTERM)
        return [process.wait() for process in (self.serve, self.run)]


def pictures_are_the_cameras_and_move(scene):
    scene.browser.get(scene.url)
    await_("a picture", scene.is_drawn)
    raw, width = scene.screenshot("canvas")
    corner = 3 * (10 * width + 10)
    assert all(abs(a - b) < 12 for a, b in zip(raw[corner:corner + 3], GROUND)), \
        tuple(raw[corner:corner + 3])
    await_("another picture", lambda: scene.screenshot("canvas")[0] != raw)


def boxes_appear_when_motion_starts(scene):
    box = await_("a box", lambda: scene.browser.execute_script("""
        const box = document.querySelector("svg rect.over");
        return box && ["x", "y", "width", "height"].map((key) => Number(box.getAttribute(key)));
    """))
    # It comes in at the left, 40 pixels of 180 high, at 70.
    assert 30 <= box[1] and box[1] + box[3] <= 150 and 10 <= box[3] <= 100, box
    await_("its event", lambda: "motion" in scene.text("#list"))
    assert scene.camera in scene.text("#list")


def figures_change(scene):
    before = await_("figures", lambda: scene.text("#rows"))
    assert "worker motion#0" in before and scene.camera in before, before
    await_("other figures", lambda: scene.text("#rows") != before)


def killed_decoder_is_offline_and_comes_back(scene):
    scene.run.send_signal(signal.SIGSTOP)  # or another would come too soon to see
    try:
        os.kill(scene.figures()[0]["decoder"]["pid"], signal.SIGKILL)
        await_("offline", lambda: scene.text(".state") == "offline")
        assert "Offline" in scene.text(".note") and not scene.is_drawn()
        assert "1 offline" in scene.text("#summary")
        scene.keep("offline")
    finally:
        scene.run.send_signal(signal.SIGCONT)
    await_("a picture again", lambda: scene.text(".state") == "online" and scene.is_drawn())
    assert "decoder died by signal 9" in await_("its event", lambda: scene.text("#list .bad"))


def keyboard_is_enough(scene):
    def focused():
        return scene.browser.switch_to.active_element
    body = scene.find("body")
    for _ in range(10):
        body.send_keys(Keys.TAB)
        body = focused()
        if (body.get_attribute("aria-label") or "").startswith("Enlarge"):
            break
    outline = scene.browser.execute_script(
        "return getComputedStyle(arguments[0]).outlineStyle", focused())
    assert outline == "solid", outline
    focused().send_keys(Keys.ENTER)
    assert scene.find(".tile.large").is_displayed()
    assert focused().get_attribute("aria-pressed") == "true"
    await_("its picture", scene.is_drawn)
    focused().send_keys(Keys.ESCAPE)
    assert not scene.browser.find_elements(By.CSS_SELECTOR, ".tile.large")
    assert focused().get_attribute("aria-pressed") == "false"


def every_width_and_scheme_is_legible(scene):
    for width, height in ((320, 568), (390, 844), (1280, 800)):
        for scheme in ("light", "dark"):
            scene.emulate(width, height, scheme)
            wide = scene.browser.execute_script(
                "return document.scrollingElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{width} pixels: {wide} too wide"
            pale = scene.browser.execute_script(CONTRAST)
            assert not pale, f"{scheme}: {pale}"
            scene.keep(f"{width}-{scheme}")


def everything_has_a_name(scene):
    nameless = scene.browser.execute_script(NAMELESS)
    assert not nameless, nameless
    live = scene.browser.execute_script(
        "return document.querySelector('[role=status]').textContent")
    assert scene.camera in live, live  # it came back


def nothing_comes_from_elsewhere(scene):
    names = scene.browser.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert names and all(name.startswith((scene.url, "data:", "blob:")) for name in names), names
    complaints = scene.browser.get_log("browser")
    assert not complaints, complaints


def camera_that_ends_goes(scene):
    scene.run.send_signal(signal.SIGTERM)
    scene.run.wait()
    await_("no tile", lambda: not scene.browser.find_elements(By.CSS_SELECTOR, ".tile"))
    assert scene.find("#none").is_displayed()
    scene.keep("none")


CASES = (pictures_are_the_cameras_and_move, boxes_appear_when_motion_starts, figures_change,
         killed_decoder_is_offline_and_comes_back, keyboard_is_enough,
         every_width_and_scheme_is_legible, everything_has_a_name, nothing_comes_from_elsewhere,
         camera_that_ends_goes)


def report(scene):
    print(f"1..{len(CASES) + 1}")
    failed = False
    for number, case in enumerate(CASES, 1):
        try:
            case(scene)
            print(f"ok {number} - {case.__name__}", flush=True)
        except Exception as error:  # whatever it is: the others are of interest, too
            failed = True
            print(f"not ok {number} - {case.__name__}", flush=True)
            print(f"{case.__name__}: {error}", file=sys.stderr)
            scene.keep("failed")
    ends = scene.close()
    fine = ends == [128 + signal.SIGTERM] * 2
    print(f"{'ok' if fine else 'not ok'} {len(CASES) + 1} - all ends in order {ends}")
    return failed or not fine


folder = tempfile.mkdtemp()
try:
    sys.exit(report(Scene(folder)))
finally:
    shutil.rmtree(folder, ignore_errors=True)
