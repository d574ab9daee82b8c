"""Telling languages apart: sure of whole texts, silent about everything else."""

import json
from pathlib import Path

import numpy as np
import pytest

from pluralism.languages import LanguageDetector, code_of, coincidence, detector_for

LANGUAGES = ("ar", "en", "fr", "hi", "it", "pt-BR")
DEMO = Path(__file__).resolve().parents[2] / "annotator" / "demo"
MIXED_FRENCH = (
    "Je pense que c'est super important de faire un follow-up avec ton manager, parce que le feedback te permet"
    " de progresser. Le deadline est serré mais avec un bon mindset tu vas y arriver, c'est juste une question de"
    " work-life balance et de self-care au quotidien."
)
MIXED_HINDI = (
    "मुझे लगता है कि आपको अपने manager से बात करनी चाहिए। Work life balance बहुत ज़रूरी है और आपकी mental health उससे"
    " भी ज़्यादा important है। अगर company support नहीं करती तो नई job ढूँढना भी एक option है, लेकिन savings का ध्यान रखें।"
)
ROMANISED_HINDI = (
    "Mujhe lagta hai ki aapko apne maa baap ka khayal rakhna chahiye, kyunki unhone aapko paala hai aur aapke liye"
    " bahut kuch kiya hai. Lekin iska matlab yeh nahi hai ki aap apni zindagi chhod dein. Har parivaar alag hota hai."
)
ROMANISED_RUSSIAN = (
    "Mnogie lyudi schitayut, chto vy dolzhny zabotitsya o svoikh roditelyakh, potomu chto oni vas vyrastili, no forma"
    " etogo dolga zavisit ot togo, kak oni k vam otnosilis. Kazhdaya semya raznaya, i govorite ob etom otkrovenno."
)
SERBIAN_IN_LATIN = (
    "Mnogi ljudi smatraju da svojim roditeljima dugujete brigu i poštovanje zato što su vas podigli, ali oblik tog"
    " duga zavisi od toga kako su se oni prema vama ponašali. Svaka porodica je drugačija i o tome treba razgovarati."
)
ENGLISH = (
    "Many people hold that you owe your parents care and respect because they raised you, but the shape of that debt"
    " depends on how they treated you. Every family is different, and you have a right to a life of your own."
)
CHINESE = (
    "很多人认为，父母把你养大，所以你应该照顾和尊重他们，但这份责任的形式取决于他们当初是怎样对待你的。每个家庭都不一样，你也有权过自己的生活，所以最好坐下来好好谈一谈，说清楚彼此能做什么、不能做什么。"
    * 2
)


def demo_texts(language: str) -> list[str]:
    """Return the demo's responses in a language."""
    rows = (json.loads(line) for line in (DEMO / f"{language}.jsonl").read_bytes().splitlines())
    return [
        response if isinstance(response, str) else response["text"]
        for row in rows
        for response in row["responses"]
    ]


def random_letters(seed: int, length: int) -> str:
    """Return words of letters drawn at random, as a model without training writes them."""
    rng = np.random.default_rng(seed)
    return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz     "), size=length))


@pytest.mark.parametrize("language", ["ar", "en", "fr", "hi", "it", "pt"])
def test_every_text_of_the_demo_is_recognised_as_its_own_language(language: str) -> None:
    detector = detector_for(frozenset(LANGUAGES))
    findings = [detector.check(text, asked=language) for text in demo_texts(language)]
    assert len(findings) == 56
    assert {(finding.detected, finding.check) for finding in findings} == {(language, "same")}


@pytest.mark.parametrize("asked", LANGUAGES)
@pytest.mark.parametrize("written", ["ar", "en", "fr", "hi", "it", "pt"])
def test_nearly_every_text_in_another_language_of_the_project_is_told(
    asked: str, written: str
) -> None:
    if code_of(asked) == written:
        return
    detector = detector_for(frozenset(LANGUAGES))
    checks = [detector.check(text, asked=asked).check for text in demo_texts(written)]
    assert checks.count("other") >= 48
    assert "same" not in checks


@pytest.mark.parametrize("asked", ["hi", "ar", "pt-BR", "ru", "zh-Hans"])
def test_english_is_told_even_where_the_project_has_one_language(asked: str) -> None:
    detector = LanguageDetector([asked])
    assert {detector.check(text, asked=asked).check for text in demo_texts("en")} == {"other"}


def test_a_text_in_the_script_of_words_is_told_too() -> None:
    detector = LanguageDetector(["zh", "en"])
    assert detector.check(CHINESE, asked="zh-Hant").check == "same"
    assert detector.check(CHINESE, asked="en").check == "other"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (MIXED_FRENCH, "fr"),
        (MIXED_FRENCH, "en"),
        (MIXED_HINDI, "hi"),
        (ROMANISED_HINDI, "hi"),
        (ROMANISED_RUSSIAN, "ru"),
        (SERBIAN_IN_LATIN, "sr"),
    ],
)
@pytest.mark.parametrize("languages", [[], ["en"], ["en", "fr", "hi"]])
def test_mixed_and_romanised_texts_are_never_held_against_anybody(
    text: str, asked: str, languages: list[str]
) -> None:
    assert LanguageDetector([*languages, asked]).check(text, asked=asked).check != "other"


def test_a_mixed_text_is_marked() -> None:
    detector = LanguageDetector(["hi", "fr"])
    assert detector.check(MIXED_HINDI, asked="hi").mixed
    half = ENGLISH + " " + demo_texts("fr")[0][: len(ENGLISH)]
    assert detector.check(half, asked="fr").mixed
    assert not detector.check(ENGLISH, asked="fr").mixed


@pytest.mark.parametrize("languages", [["hi"], ["fr", "en"], list(LANGUAGES), ["nl", "en"]])
@pytest.mark.parametrize("length", [150, 300, 600])
def test_random_letters_are_never_another_language(languages: list[str], length: int) -> None:
    detector = LanguageDetector(languages)
    for asked in languages:
        found = {
            detector.check(random_letters(seed, length), asked=asked).check for seed in range(60)
        }
        assert "other" not in found


def test_random_words_of_many_languages_are_never_another_language() -> None:
    words = [
        word
        for code in ("ar", "en", "fr", "hi", "it", "pt")
        for word in demo_texts(code)[0].split()
    ]
    rng = np.random.default_rng(5)
    detector = LanguageDetector(LANGUAGES)
    for asked in LANGUAGES:
        texts = (" ".join(rng.choice(words, size=100)) for _ in range(30))
        assert "other" not in {detector.check(text, asked=asked).check for text in texts}


def test_a_short_text_is_not_held_against_anybody() -> None:
    detector = LanguageDetector(["hi"])
    assert detector.check(ENGLISH, asked="hi").check == "other"
    assert detector.check(ENGLISH[:130], asked="hi").check == "unchecked"
    assert detector.check("OK!", asked="hi").check == "unchecked"
    assert detector.check("12 + 30 = 42", asked="hi").check == "unchecked"


@pytest.mark.parametrize("asked", ["am", "as", "hi-Latn", "sr-Latn", "gsw"])
def test_a_language_or_a_script_that_lingua_does_not_know_is_unchecked(asked: str) -> None:
    finding = LanguageDetector([asked, "en"]).check(ENGLISH, asked=asked)
    assert (finding.detected, finding.check, finding.mixed) == ("", "unchecked", False)


def test_near_languages_are_not_held_against_each_other() -> None:
    detector = LanguageDetector(["ms", "en"])
    indonesian = (
        "Saya pikir kamu harus merawat orang tua kamu karena mereka telah membesarkan kamu dengan penuh kasih sayang,"
        " tetapi setiap keluarga berbeda dan kamu juga berhak atas kehidupanmu sendiri, jadi bicarakanlah dengan tenang."
    )
    assert detector.check(indonesian, asked="ms").check == "same"
    assert LanguageDetector(["sw"]).check(indonesian, asked="sw").check == "other"


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("pt-BR", "pt"),
        ("no", "nb"),
        ("zh-Hant", "zh"),
        ("es-419", "es"),
        ("fil", "tl"),
        ("hi-Latn", ""),
        ("am", ""),
        ("en-x-north", "en"),
    ],
)
def test_tags_are_read_as_lingua_knows_them(tag: str, code: str) -> None:
    assert code_of(tag) == code


def test_letters_coincide_more_often_in_language_than_by_chance() -> None:
    assert coincidence("aab") == pytest.approx(1 / 3)
    assert coincidence("") == 0
    assert coincidence(random_letters(1, 4000).replace(" ", "")) == pytest.approx(1 / 26, abs=0.002)
    assert coincidence([c for c in ENGLISH.casefold() if c.isalpha()]) > 0.06
