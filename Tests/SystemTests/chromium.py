"""Chromium without a screen, driven over its own pipe (the Chrome DevTools Protocol)."""

import base64
import json
import os
import subprocess
import time

from processes import TIME_LIMIT


class Chromium:
    """A browser with one page; `storage` is what the page finds in its local storage."""

    def __init__(self, program, profile, size, storage):
        to_browser, self._from_us = os.pipe()
        self._from_browser, to_us = os.pipe()
        # The browser reads from descriptor 3 and writes to descriptor 4.
        command = ('exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"', "bash", str(to_browser), str(to_us))
        self.popen = subprocess.Popen(
            ["bash", "-c", *command, program, "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={profile}",
             f"--window-size={size[0]},{size[1]}"],
            pass_fds=[to_browser, to_us], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(to_us)
        self._received = b""
        self._count = 0
        self._session = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self._ask("Page.enable")
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=f"""
            if (window.origin !== "null")
                for (const [key, value] of Object.entries({json.dumps(storage)}))
                    localStorage.setItem(key, JSON.stringify(value))""")  # fmt: skip

    def _ask(self, method, **parameters):
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._from_us, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._count:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _receive(self):
        while b"\0" not in self._received:
            read = os.read(self._from_browser, 1 << 16)
            assert read, "Chromium has ended"
            self._received += read
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def evaluate(self, script):
        """What a piece of JavaScript comes to in the page."""
        return self._ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get(
            "value")  # fmt: skip

    def show(self, address, *texts):
        """Loads a page, and returns its text once it has all of `texts`."""
        self._ask("Page.navigate", url="about:blank")
        self._ask("Page.navigate", url=address)
        return self.wait(*texts)

    def wait(self, *texts):
        """The text of the page, once it has all of `texts`."""
        self.until(f"{json.dumps(texts)}.every(text => document.body?.innerText.includes(text))")
        return self.evaluate("document.body.innerText")

    def until(self, script):
        """Returns when a piece of JavaScript is true in the page."""
        deadline = time.monotonic() + TIME_LIMIT
        while not self.evaluate(script):
            shown = self.evaluate("document.body?.innerText")
            assert time.monotonic() < deadline, f"{script} is not true of the page:\n{shown}"
            time.sleep(0.2)

    def click(self, text):
        """Clicks on the innermost element that has just this text, or else begins with it."""
        clicked = self.evaluate(
            f"""(() => {{
                const wanted = {json.dumps(text)};
                const shown = [...document.querySelectorAll("*")].filter(e => e.offsetParent);
                const exact = shown.filter(e => e.textContent.trim() === wanted);
                const rest = shown.filter(e => e.textContent.trim().startsWith(wanted));
                const found = exact.at(-1) ?? rest.at(-1);
                found?.click();
                return !!found;
            }})()"""
        )
        assert clicked, f"There is no {text} to click on"

    def picture(self):
        """What is seen, as PNG."""
        time.sleep(1)  # Things move into their places.
        return base64.b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def close(self):
        self.popen.kill()
        self.popen.wait()
        os.close(self._from_us)
        os.close(self._from_browser)
