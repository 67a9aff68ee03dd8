"""Shows that the pages of the demo and of the device work in a real browser (Chromium), served by the harness.

Every page loads without an error in the console, takes nothing from anywhere else, and fits a phone; redirect,
form, echo, chat, template and the page of unknown addresses do what they are for, over http and https; firmware without
the optional modules says so.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from support.targets import ROOT, START_TIMEOUT, Output, free_port

CHROMIUM, CHROMEDRIVER = shutil.which('chromium'), shutil.which('chromedriver')
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and CHROMEDRIVER), reason='the Debian packages chromium and chromium-driver are not installed'
)

if CHROMIUM and CHROMEDRIVER:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

FLAGS = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-default-apps',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
)
PATIENCE = 20  # seconds that a page, a script or a text may take on a loaded machine
PHONE, DESK = (390, 844), (1280, 800)
PAGES = {
    '/': 'MicroWebSrv2',
    '/test-post': 'Form',
    '/wstest.html': 'WebSocket',
    '/wschat.html': 'Chat',
    '/test.pyhtml': 'Template',
    '/device.html': 'Device',
}


class Site:
    """The harness with the demo, running on a target; `flash` is the folder that it takes for its flash."""

    def __init__(self, target, flash, modules=ROOT / 'modules'):
        self.port, self.tls_port = free_port(), free_port()
        certificate = [str(flash / 'cert.pem'), str(flash / 'key.pem')]
        subprocess.run(
            [
                'openssl',
                'req',
                '-x509',
                '-newkey',
                'ec',
                '-pkeyopt',
                'ec_paramgen_curve:prime256v1',
                '-nodes',
                '-days',
                '2',
                '-subj',
                '/CN=127.0.0.1',
                '-out',
                certificate[0],
                '-keyout',
                certificate[1],
            ],
            check=True,
            capture_output=True,
        )
        config = {
            'hostname': 'desk',
            'server': {'root': str(ROOT / 'www')},
            'tls': {'cert': certificate[0], 'key': certificate[1], 'port': self.tls_port},
        }
        (flash / 'config.json').write_text(json.dumps(config))
        environment = target.environment()
        if target.name == 'cpython':
            interpreter = [sys.executable, '-u', '-X', 'utf8']
            environment['PYTHONPATH'] = os.pathsep.join(map(str, (ROOT, modules, ROOT / 'boards' / 'UNIX')))
        else:
            interpreter = [os.path.abspath(target.options.firmware)]
        self.process = subprocess.Popen(
            [*interpreter, '-m', 'firmware', '--port', str(self.port), '--bind', '127.0.0.1'],
            cwd=flash,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.output = Output(self.process.stdout)
        if not self.output.wait_for(f':{self.port}', timeout=START_TIMEOUT):
            self.stop()
            raise AssertionError(f'the demo did not start on {target.name}:\n{self.output.text}')

    def url(self, path, tls=False):
        """Returns the address of a page."""
        return f'https://127.0.0.1:{self.tls_port}{path}' if tls else f'http://127.0.0.1:{self.port}{path}'

    def stop(self):
        """Ends the harness."""
        self.process.kill()
        self.process.wait()
        self.output.wait_for_end()


class Browser:
    """Chromium, steered over WebDriver."""

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        options.accept_insecure_certs = True
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        for flag in (*FLAGS, f'--user-data-dir={profile}'):
            options.add_argument(flag)
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(CHROMEDRIVER))
        self.driver.set_page_load_timeout(PATIENCE)
        self.driver.set_script_timeout(PATIENCE)

    def open(self, url, size=DESK):
        """Loads a page in a window of this size, and forgets what the console said before."""
        self.driver.execute_cdp_cmd(
            'Emulation.setDeviceMetricsOverride',
            {'width': size[0], 'height': size[1], 'deviceScaleFactor': 1, 'mobile': size is PHONE},
        )
        self.complaints()
        self.driver.get(url)

    def new_tab(self):
        """Opens a tab and goes there; returns its handle."""
        self.driver.switch_to.new_window('tab')
        return self.driver.current_window_handle

    def close_tabs(self):
        """Closes all tabs but one, which becomes empty."""
        first, *others = self.driver.window_handles
        for tab in others:
            self.driver.switch_to.window(tab)
            self.driver.close()
        self.driver.switch_to.window(first)
        self.driver.get('about:blank')

    def complaints(self):
        """Returns what the console said since the last call, as text."""
        return [entry['message'] for entry in self.driver.get_log('browser')]

    def find(self, css):
        """Returns the element that a selector means."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def text(self, css):
        """Returns the text of all elements that a selector means, joined by newlines."""
        return '\n'.join(element.text for element in self.driver.find_elements(By.CSS_SELECTOR, css))

    def wait_for(self, css, pattern):
        """Waits until the text of a selector matches a regular expression; returns the text."""
        try:
            WebDriverWait(self.driver, PATIENCE, 0.05, [WebDriverException]).until(  # while the page is changing
                lambda _: re.search(pattern, self.text(css))
            )
        except Exception:
            found = f'{css} is not {pattern!r} but {self.text(css)!r}; console: {self.complaints()}'
            raise AssertionError(found) from None
        return self.text(css)

    def run(self, script, *arguments):
        """Runs JavaScript in the page; returns its value."""
        return self.driver.execute_script(script, *arguments)


@pytest.fixture(scope='session')
def chromium(tmp_path_factory):
    """One browser for all tests."""
    browser = Browser(tmp_path_factory.mktemp('chromium'))
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(chromium):
    """The browser with one empty tab."""
    yield chromium
    chromium.close_tabs()


@pytest.fixture(scope='session')
def demo(target, tmp_path_factory):
    """The site of this target."""
    site = Site(target, tmp_path_factory.mktemp('flash'))
    yield site
    site.stop()


@pytest.mark.parametrize('path', PAGES)
def test_page_loads_whole_and_fits_a_phone(demo, browser, path):
    browser.open(demo.url(path), PHONE)
    assert browser.driver.title == PAGES[path]
    browser.run('return document.fonts.ready')
    assert browser.run('return getComputedStyle(document.documentElement).getPropertyValue("--gold")'), 'no style.css'
    assert browser.run('return document.documentElement.scrollWidth') <= PHONE[0]
    origin = demo.url('')
    resources = browser.run('return performance.getEntriesByType("resource").map(entry => entry.name)')
    assert [name for name in resources if not name.startswith(origin)] == []
    unlabelled = 'return [...document.querySelectorAll("input, select")].filter(field => !field.labels.length).length'
    assert browser.run(unlabelled) == 0
    assert browser.complaints() == []


def test_main_page_shows_the_device_alive(demo, browser):
    browser.open(demo.url('/'))
    browser.wait_for('#rtt', r'^[\d.]+ ms$')
    browser.wait_for('#up', r'^\d\d:\d\d:\d\d$')
    assert browser.text('#d1') == 'desk'
    assert browser.text('#chip') == 'UNIX'
    assert 'not in the firmware' not in browser.text('.pads')
    assert browser.complaints() == []


def test_redirect_leads_to_the_main_page_which_says_so(demo, browser):
    browser.open(demo.url('/test-redir'))
    assert browser.driver.current_url == demo.url('/#redirected')
    assert browser.find('#redirected').is_displayed()
    browser.open(demo.url('/'))
    browser.driver.refresh()
    assert not browser.find('#redirected').is_displayed()


def test_form_comes_back_escaped(demo, browser):
    browser.open(demo.url('/test-post'))
    browser.find('[name=firstname]').send_keys('<i>Zoë</i> & "co"')
    browser.find('[name=lastname]').send_keys("50% + 1 = 'ok'\n")
    browser.wait_for('h1', 'Received')
    assert browser.text('#firstname') == '<i>Zoë</i> & "co"'
    assert browser.text('#lastname') == "50% + 1 = 'ok'"
    assert browser.complaints() == []


def test_form_without_its_fields_is_a_bad_request(demo, browser):
    browser.open(demo.url('/test-post'))
    post = 'return fetch("/test-post", {method: "POST", body: new URLSearchParams("a=b")}).then(it => it.status)'
    assert browser.run(post) == 400


def test_json_takes_its_argument_from_the_path(demo, browser):
    browser.open(demo.url('/device.html'))
    for name, expected in (('Zo%C3%AB', 'Zoë'), ('42', 42)):
        answer = browser.run('return fetch("/api/hello/" + arguments[0]).then(answer => answer.json())', name)
        assert answer == {'hello': expected, 'address': '127.0.0.1'}


@pytest.mark.parametrize('tls', [False, True], ids=['ws', 'wss'])
def test_echo_sends_everything_back(demo, browser, tls):
    browser.open(demo.url('/wstest.html', tls))
    browser.wait_for('#state', '^open$')
    assert 'sub-protocol echo' in browser.text('#log')
    browser.find('#text').clear()
    browser.find('#text').send_keys('héllo 🙂')
    browser.find('#send').click()
    browser.wait_for('#count', '^1$')
    for size in ('16', '125', '126', '1000', '4000'):
        browser.run('document.getElementById("size").value = arguments[0]', size)
        browser.find('#bytes').click()
    browser.wait_for('#count', '^6$')
    browser.find('#many').click()
    browser.wait_for('#count', '^56$')
    assert browser.text('#log .in').count('héllo 🙂') == 51
    assert browser.text('#log .bad') == ''
    browser.find('#toggle').click()
    browser.wait_for('#log', 'closed, code 1005')
    browser.wait_for('#state', '^closed$')
    assert browser.complaints() == []


def test_chat_of_two_tabs(demo, browser):
    def join(name):
        browser.open(demo.url('/wschat.html'))
        browser.find('#name').send_keys(name + '\n')
        browser.wait_for('#log', 'You are')

    def say(text):
        browser.find('#text').send_keys(text + '\n')

    join('Ann')
    ann = browser.driver.current_window_handle
    ben = browser.new_tab()
    join('Ann')
    assert 'You are Ann 2' in browser.text('#log')
    assert browser.text('#here') == 'Here: Ann, Ann 2'
    say('<b>hi</b> & bye')
    browser.wait_for('#log .me', r'^<b>hi</b> & bye$')

    browser.driver.switch_to.window(ann)
    browser.wait_for('#log', r'Ann 2 came in\nAnn 2\n<b>hi</b> & bye')
    say('x' * 500)
    browser.wait_for('#log .me', '^x{500}$')
    browser.find('#leave').click()
    browser.wait_for('#log', 'You are out')
    assert browser.find('#join').is_displayed()
    assert not browser.find('#say').is_displayed()

    browser.driver.switch_to.window(ben)
    browser.wait_for('#log', r'Ann\nx{500}\nAnn left')
    assert browser.text('#here') == 'Here: Ann 2'
    assert browser.complaints() == []


def test_chat_has_so_many_seats(demo, browser):
    browser.open(demo.url('/device.html'))
    answers = browser.driver.execute_async_script("""
        const done = arguments[0], url = location.origin.replace('http', 'ws') + '/wschat', sockets = [], answers = []
        const open = () => {
          const socket = new WebSocket(url)
          sockets.push(socket)
          socket.onopen = () => socket.send('{"name": " A "}')
          socket.onmessage = event => {
            const news = JSON.parse(event.data)
            if (!news.you && !news.full) return
            answers.push(news.you || news.full)
            if (news.you) return open()
            for (const other of sockets) other.close()
            Promise.all(sockets.map(one => one.readyState == 3 || new Promise(closed => one.onclose = closed)))
              .then(() => done(answers))
          }
        }
        open()""")
    assert answers == ['A', *(f'A {n}' for n in range(2, 17)), 16]


def test_template_runs_every_instruction(demo, browser):
    browser.open(demo.url('/test.pyhtml'))
    assert browser.text('#for .prime').split() == '2 3 5 7 11 13 17 19 23'.split()
    assert browser.text('#for').split() == [str(n) for n in range(1, 25)]
    assert browser.text('#if') == 'Your connection: plain, kept open'
    assert browser.text('#expression') == '127.0.0.1\n<b>escaped</b>'
    assert browser.text('#global') == 'TP1 TP2 TP3 TP4'
    assert browser.complaints() == []


def test_unknown_address_gives_the_page_with_its_status(demo, browser):
    browser.open(demo.url('/no/such/page'))
    assert browser.text('h1') == 'No trace leads here'
    assert browser.run('return performance.getEntriesByType("navigation")[0].responseStatus') == 404


def test_device_page_shows_what_the_device_tells(demo, browser):
    browser.open(demo.url('/device.html'))
    browser.wait_for('#name', '^desk$')
    info = browser.run('return fetch("/device/info").then(answer => answer.json())')
    for fact in ('version', 'build', 'board', 'application'):
        assert browser.text(f'#info-{fact}') == info[fact]
    browser.wait_for('#info-uptime', r'^\d\d:\d\d:\d\d$')
    if 'heap_free' in info:
        assert re.fullmatch(r'[\d,.]+ KB', browser.text('#info-heap_free'))


def test_https_serves_the_same_pages(demo, browser):
    browser.open(demo.url('/', tls=True))
    browser.wait_for('#rtt', r'^[\d.]+ ms$')
    browser.open(demo.url('/test.pyhtml', tls=True))
    assert browser.text('#if') == 'Your connection: secured'
    assert browser.complaints() == []


@pytest.mark.needs('cpython')
def test_firmware_without_the_optional_modules_says_so(target, browser, tmp_path):
    modules = tmp_path / 'modules'
    shutil.copytree(ROOT / 'modules' / 'MicroWebSrv2', modules / 'MicroWebSrv2', ignore=shutil.ignore_patterns('mods'))
    flash = tmp_path / 'flash'
    flash.mkdir()
    site = Site(target, flash, modules)
    try:
        browser.open(site.url('/'))
        browser.wait_for('#rtt', 'ms')
        assert browser.text('.pads').count('not in the firmware of this small board') == 3
        for path in ('/wstest.html', '/wschat.html', '/test.pyhtml'):
            browser.open(site.url(path))
            browser.wait_for('.note', 'This board is small')
            assert browser.text('form').strip() == ''
        assert browser.complaints() == []
    finally:
        site.stop()
