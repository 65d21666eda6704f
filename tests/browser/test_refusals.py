"""What visitors are told when a request is refused."""

from tests.support.demo import serve


def test_a_text_that_is_too_long(open_demo, known_demo):
    page = open_demo(known_demo).page
    page.get_by_role("textbox", name="Text", exact=True).fill("word " * 20_000)
    page.get_by_role("button", name="Extract", exact=True).click()
    toast = page.get_by_test_id("toast-body")
    toast.wait_for()
    assert "text must be at most 20,000 characters long, got 100,000." in toast.inner_text()
    assert "Traceback" not in page.content()


def test_too_many_requests(open_demo, tiny_pipeline):
    with serve(tiny_pipeline, requests_per_minute=1) as url:
        demo = open_demo(url)
        demo.extract("It rained .")
        demo.text_box.fill("Overnight")
        demo.extract_button.click()
        demo.page.get_by_text("too many requests: try again in").first.wait_for()
        demo.errors.clear()  # the browser notes the refusal
