# Serves a model folder: docker build -t vitrine . && docker run -p 7860:7860 -v "$PWD/festival/model:/model" vitrine
FROM python:3.11-slim-bookworm
WORKDIR /app
# The release's own engine answers, so torch's CPU build is enough. Installed before the code is copied, so that a change
# of the code builds in seconds.
COPY requirements.txt ./
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY docs/index.html docs/index.html
COPY docs/assets docs/assets
COPY data_cards data_cards
COPY train train
COPY curation curation
COPY space space
RUN pip install --no-cache-dir --no-deps . && useradd --create-home visitor
USER visitor
WORKDIR /home/visitor
ENV GRADIO_ANALYTICS_ENABLED=False
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz')"]
ENTRYPOINT ["vitrine", "serve"]
CMD ["/model", "--host", "0.0.0.0"]
