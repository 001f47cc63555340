"""What hangs on an article: forms for texts, prices, components, properties, images and options per shop."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import UploadFile

from erp.article_options import OptionForm, store_options
from erp.catalogue import (
    LARGEST_IMAGE,
    Arranged,
    ImageForm,
    PropertyForm,
    TextForm,
    add_image,
    arrange_images,
    delete_image,
    store_fields,
    store_properties,
    store_text,
)
from erp.categories import store_categories
from erp.components import ComponentForm, store_components
from erp.prices import PriceForm, add_price, change_price, delete_price
from erp.queries import catalogue
from web.article_tabs import answer, choice, decimal
from web.context import Db, Form, not_found, text, texts, visitor_of
from web.i18n import N_

router = APIRouter(include_in_schema=False)
TEXTS = ("name", "short_text", "description", "meta_title", "meta_description", "meta_keywords")
MOST_ROWS = 200


@router.post("/articles/texts")
async def save_texts(request: Request, form: Form) -> Response:
    """Store texts of one language for one shop or all; without texts they are deleted."""
    typed = {name: text(form, name) for name in (*TEXTS, "language")}
    typed["integration_id"] = text(form, "integration")

    def work(session: Session) -> None:
        store_text(session, text(form, "article"), TextForm.model_validate(typed), visitor_of(request).email)

    return await answer(request, form, "texts", work, N_("The texts are saved."), typed)


@router.post("/articles/prices")
async def save_price(request: Request, form: Form) -> Response:
    """Add a price, change the one that was opened, or delete it."""
    by, number = visitor_of(request).email, text(form, "article")
    price_id = int(text(form, "price") or 0)
    typed: dict[str, object] = {name: text(form, name) for name in ("group", "customer")}
    typed |= {name: decimal(text(form, name)) for name in ("amount", "pseudo_amount")}
    typed |= {name: text(form, name) or None for name in ("valid_from", "valid_to")}
    typed |= {"currency": text(form, "currency").upper(), "is_gross": text(form, "is_gross") != "no"}
    typed["from_quantity"] = decimal(text(form, "from_quantity")) or "1"

    def work(session: Session) -> None:
        if text(form, "action") == "delete":
            delete_price(session, price_id, by)
        elif price_id:
            change_price(session, price_id, PriceForm.model_validate(typed), by)
        else:
            add_price(session, number, PriceForm.model_validate(typed), by)

    return await answer(request, form, "prices", work, N_("The prices are saved."), typed)


@router.post("/articles/components")
async def save_components(request: Request, form: Form) -> Response:
    """Replace the bill of materials; rows without a number are left out."""
    rows = [
        {"number": number.strip(), "quantity": decimal(quantity.strip()) or "1"}
        for number, quantity in _rows(texts(form, "number"), texts(form, "quantity"))
        if number.strip()
    ]

    def work(session: Session) -> None:
        wanted = [ComponentForm.model_validate(row) for row in rows]
        store_components(session, text(form, "article"), wanted, visitor_of(request).email)

    return await answer(request, form, "components", work, N_("The bill of materials is saved."), {"rows": rows})


@router.post("/articles/properties")
async def save_properties(request: Request, form: Form) -> Response:
    """Replace the properties; rows without name and value are left out."""
    rows = [
        {"name": name, "value": value, "is_option": option == "yes"}
        for name, value, option in _rows(texts(form, "name"), texts(form, "value"), texts(form, "option"))
        if name.strip() or value.strip()
    ]

    def work(session: Session) -> None:
        wanted = [PropertyForm.model_validate(row) for row in rows]
        store_properties(session, text(form, "article"), wanted, visitor_of(request).email)

    return await answer(request, form, "properties", work, N_("The properties are saved."), {"rows": rows})


@router.post("/articles/fields")
async def save_fields(request: Request, form: Form) -> Response:
    """Replace free fields and tags."""
    fields = {name: value for name, value in _rows(texts(form, "name"), texts(form, "value")) if name.strip()}

    def work(session: Session) -> None:
        tags = text(form, "tags").split(",")
        store_fields(session, text(form, "article"), fields, tags, visitor_of(request).email)

    return await answer(request, form, "properties", work, N_("Free fields and tags are saved."))


@router.post("/articles/categories")
async def save_categories(request: Request, form: Form) -> Response:
    """Put the article into the ticked categories."""
    ids = [int(value) for value in texts(form, "category") if value.isdecimal() and len(value) < 10]

    def work(session: Session) -> None:
        store_categories(session, text(form, "article"), ids, visitor_of(request).email)

    return await answer(request, form, "properties", work, N_("The categories are saved."))


@router.post("/articles/images")
async def upload_image(request: Request, form: Form) -> Response:
    """Add an image from a file or an address; more than the limit is never read into memory."""
    file = form.get("file")
    content = await file.read(LARGEST_IMAGE + 1) if isinstance(file, UploadFile) else b""

    def work(session: Session) -> None:
        image = ImageForm(title=text(form, "title"), url=text(form, "url"), content=content)
        add_image(session, text(form, "article"), image, visitor_of(request).email)

    typed = {"title": text(form, "title"), "url": text(form, "url")}
    return await answer(request, form, "images", work, N_("The image is there."), typed)


@router.post("/articles/images/order")
async def order_images(request: Request, form: Form) -> Response:
    """Store order and titles of the images, or delete the one whose button was pressed."""
    by, number = visitor_of(request).email, text(form, "article")
    wanted = [
        Arranged(int(image), int(position), title)
        for image, position, title in _rows(texts(form, "image"), texts(form, "position"), texts(form, "title"))
        if image.isdecimal() and position.isdecimal() and len(image) < 19 and len(position) < 9
    ]
    gone = text(form, "delete")

    def work(session: Session) -> None:
        if gone.isdecimal():
            delete_image(session, number, int(gone), by)
        else:
            arrange_images(session, number, wanted, by)

    return await answer(request, form, "images", work, N_("The images are saved."))


@router.get("/articles/images/{image_id}")
def image(db: Db, image_id: int) -> Response:
    """A stored image; its type was found out from its bytes when it was stored."""
    found = catalogue.image(db, image_id)
    if found is None:
        raise not_found()
    return Response(found[1], media_type=found[0])


@router.post("/articles/options")
async def save_options(request: Request, form: Form) -> Response:
    """Store the article's options in one shop; empty means as at the article."""
    values: dict[str, object] = {
        name: choice(text(form, name)) for name in ("is_inactive", "remaining_stock_only", "syncs_stock")
    }
    numbers = ("stock_correction", "pseudo_stock", "pseudo_price")
    values |= {name: decimal(text(form, name)) for name in numbers}
    shop = text(form, "integration")

    def work(session: Session) -> None:
        store_options(
            session, text(form, "article"), shop, OptionForm.model_validate(values), visitor_of(request).email
        )

    return await answer(request, form, "shops", work, N_("The options are saved."), values | {"integration": shop})


def _rows(*columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a table of inputs."""
    return list(zip(*columns, strict=False))[:MOST_ROWS]
