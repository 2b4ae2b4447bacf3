# The book in a container: the commands of the README, on a small Debian.
#   docker build -t gvc-book .
#   docker run --rm -p 8000:8000 gvc-book                       # read it at http://localhost:8000
#   docker run --rm -v "$PWD/out:/book/_build/problem-sets" -v "$PWD:/in" gvc-book \
#     python -m lib problem-set 31 /in/students.csv
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends make chromium fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /book
COPY . .
RUN python -m lib book

EXPOSE 8000
CMD ["python", "-m", "lib", "serve", "--host", "0.0.0.0"]
